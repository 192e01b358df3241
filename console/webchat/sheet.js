// The sheet that shows a passage an answer stands on.

import { byId, el, icon } from "./dom.js";

/** The page's one sheet; the browser keeps the focus inside and brings it back. */
export class Sheet {
  #dialog = byId("sheet");

  constructor() {
    byId("sheet-close").addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("click", (event) => {
      if (event.target === this.#dialog) this.#dialog.close();
    });
  }

  /** Show a citation. */
  show({ number, title, heading, text, source }) {
    byId("sheet-number").textContent = number;
    byId("sheet-title").textContent = title;
    byId("sheet-heading").textContent = heading;
    byId("sheet-heading").hidden = !heading || heading === title;
    byId("sheet-text").textContent = text;
    byId("sheet-source").replaceChildren(...this.#source(source));
    this.#dialog.showModal();
    byId("sheet-body").scrollTop = 0;
  }

  #source(source) {
    if (!source) return [];
    // Only what a browser opens as a page becomes a link: a source is data, and data may lie.
    const linked = /^https?:\/\//i.test(source);
    const words = linked
      ? el("a", { href: source, target: "_blank", rel: "noopener noreferrer" }, source)
      : el("span", {}, source);
    return [icon("page"), words];
  }
}
