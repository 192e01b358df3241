// What the browser keeps between visits, per account; memory where it keeps nothing.

/** A shelf of one account in localStorage. */
export class Shelf {
  #prefix;
  #memory = new Map();

  constructor(account) {
    this.#prefix = `zhanggui.chat.${account}.`;
  }

  /** Give a value, or the default where there is none. */
  get(name, fallback = null) {
    if (this.#memory.has(name)) return this.#memory.get(name);
    try {
      return JSON.parse(localStorage.getItem(this.#prefix + name)) ?? fallback;
    } catch {
      return fallback;
    }
  }

  /** Keep a value. */
  put(name, value) {
    try {
      localStorage.setItem(this.#prefix + name, JSON.stringify(value));
      this.#memory.delete(name);
    } catch {
      // Private windows and full disks refuse: this visit remembers, the next will not.
      this.#memory.set(name, value);
    }
  }
}
