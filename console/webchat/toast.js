// A short word at the foot of the page, with at most one thing to do.

import { el } from "./dom.js";

const STAY = 6000;

/** The page's one toast; what it offers can be done elsewhere too. */
export class Toast {
  #place;
  #timer;

  constructor(place) {
    this.#place = place;
  }

  /** Show words, and a button where there is something to do. */
  show(words, action, onAction) {
    clearTimeout(this.#timer);
    const parts = [el("span", {}, words)];
    if (action) {
      const act = () => {
        this.#hide();
        onAction();
      };
      parts.push(el("button", { type: "button", class: "link", onclick: act }, action));
    }
    this.#place.replaceChildren(...parts);
    this.#timer = setTimeout(() => this.#hide(), STAY);
  }

  #hide() {
    this.#place.replaceChildren();
  }
}
