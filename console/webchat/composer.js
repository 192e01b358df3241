// Where the customer writes: grows with the text, sends, and stops an answer.

import { byId } from "./dom.js";

const WARN_LEFT = 300;

/** The page's one composer. */
export class Composer {
  #field = byId("words");
  #button = byId("send");
  #counter = byId("counter");
  #t;
  #running = false;
  #onSend;
  #onStop;

  constructor(t, { onSend, onStop }) {
    this.#t = t;
    this.#onSend = onSend;
    this.#onStop = onStop;
    byId("composer").addEventListener("submit", (event) => this.#submit(event));
    this.#field.addEventListener("input", () => this.#fit());
    this.#field.addEventListener("keydown", (event) => this.#key(event));
    document.addEventListener("keydown", (event) => this.#escape(event));
  }

  /** Whether an answer is being written, which can be stopped. */
  running(running) {
    this.#running = running;
    this.#fit();
  }

  get #words() {
    return this.#field.value.replaceAll("\0", "").trim();
  }

  get #stops() {
    return this.#running && !this.#words;
  }

  #submit(event) {
    event.preventDefault();
    if (this.#stops) this.#onStop();
    else if (this.#words) {
      const words = this.#words;
      this.#field.value = "";
      this.#fit();
      this.#onSend(words);
    }
  }

  #key(event) {
    // An input method takes Enter to choose a word; Safari says so only by the key code.
    const choosing = event.isComposing || event.keyCode === 229;
    if (event.key !== "Enter" || event.shiftKey || choosing) return;
    event.preventDefault();
    if (this.#words) byId("composer").requestSubmit();
  }

  #escape(event) {
    if (event.key !== "Escape" || event.isComposing || !this.#running) return;
    if (document.querySelector("dialog[open]")) return;
    this.#onStop();
  }

  #fit() {
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight}px`;
    const left = this.#field.maxLength - this.#field.value.length;
    this.#counter.hidden = left > WARN_LEFT;
    this.#counter.textContent = this.#t("left", { count: left });
    this.#button.dataset.does = this.#stops ? "stop" : "send";
    this.#button.setAttribute("aria-label", this.#t(this.#stops ? "stop" : "send"));
    this.#button.setAttribute("aria-disabled", String(!this.#stops && !this.#words));
  }
}
