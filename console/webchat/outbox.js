// What the customer wrote and the server has not taken yet: in order, once each, kept over a reload.

import { ApiError } from "./api.js";
import { backoff, pause } from "./retry.js";

/** Sends messages one after the other; an entry is `{id, text, at, state, error}`. */
export class Outbox {
  #send;
  #shelf;
  #onChange;
  #entries;
  #sending = false;

  /** `send(entry)` resolves to the server's answer; `onChange(entry, answer)` hears of every state: `sending`, `waiting`, `failed`, `sent`. */
  constructor({ send, shelf, onChange }) {
    this.#send = send;
    this.#shelf = shelf;
    this.#onChange = onChange;
    this.#entries = shelf.get("outbox", []);
  }

  /** What is not sent. */
  get entries() {
    return [...this.#entries];
  }

  /** Take a text; gives its entry. */
  put(text) {
    const entry = { id: makeId(), text, at: new Date().toISOString(), state: "sending", error: "" };
    this.#entries.push(entry);
    this.#keep();
    return entry;
  }

  /** Send what there is; does nothing while it is at it. */
  async flush() {
    if (this.#sending) return;
    this.#sending = true;
    let failures = 0;
    for (let entry = this.#next(); entry; entry = this.#next()) {
      failures = (await this.#try(entry)) ? 0 : failures + 1;
      if (failures) await pause(backoff(failures - 1));
    }
    this.#sending = false;
  }

  /** Try again what was refused. */
  retry(id) {
    const entry = this.#entries.find((each) => each.id === id);
    if (entry) this.#change(entry, "sending");
    return this.flush();
  }

  #next() {
    return this.#entries.find((entry) => entry.state !== "failed");
  }

  async #try(entry) {
    try {
      const answer = await this.#send(entry);
      this.#entries = this.#entries.filter((each) => each !== entry);
      this.#change(entry, "sent", answer);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      entry.error = error.message;
      this.#change(entry, error.retryable ? "waiting" : "failed");
      return !error.retryable;
    }
  }

  #change(entry, state, answer) {
    entry.state = state;
    this.#keep();
    this.#onChange(entry, answer);
  }

  #keep() {
    this.#shelf.put("outbox", this.#entries);
  }
}

function makeId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
