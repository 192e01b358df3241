// Stays at the newest message while the customer does, and says so when there is more below.

const NEAR = 80;

/** Scrolls the log. */
export class Scroller {
  #log;
  #pill;
  #following = true;
  #last = 0;

  constructor(log, pill) {
    this.#log = log;
    this.#pill = pill;
    log.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    pill.addEventListener("click", () => this.toEnd());
    // What grows by itself, such as the space above a keyboard, must not leave the end behind.
    const keep = new ResizeObserver(() => this.#following && this.#jump());
    keep.observe(log);
    for (const child of log.children) keep.observe(child);
  }

  /** Go to the newest message and stay there. */
  toEnd() {
    this.#following = true;
    this.#pill.hidden = true;
    this.#jump();
  }

  /** There is more at the end. */
  more() {
    this.#pill.hidden = this.#following;
  }

  #jump() {
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  #scrolled() {
    const { scrollTop, clientHeight, scrollHeight } = this.#log;
    // Only who moves up leaves the end: what is added below moves nobody.
    if (scrollHeight - scrollTop - clientHeight < NEAR) this.#following = true;
    else if (scrollTop < this.#last) this.#following = false;
    this.#last = scrollTop;
    if (this.#following) this.#pill.hidden = true;
  }
}
