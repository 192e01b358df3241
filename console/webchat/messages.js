// The messages on the page.

import { el, icon } from "./dom.js";
import { sayWhen } from "./i18n.js";
import { NOTICE } from "./label.js";

const CITATION = /(\[\d{1,2}\])/;
const PAUSE = 5 * 60 * 1000;
const STAY = 30 * 1000;

/** Draws messages and keeps them up to date; what a customer does with one goes to `act`. */
export class MessageList {
  #list;
  #t;
  #lang;
  #act;
  #views = new Map();
  #lastAt = null;

  /** `act` has `cite(citation)`, `copy(message)`, `vote(message, vote)` and `retry(message)`. */
  constructor(list, t, lang, act) {
    this.#list = list;
    this.#t = t;
    this.#lang = lang;
    this.#act = act;
    setInterval(() => this.#tellTimes(), STAY);
  }

  /** Forget everything. */
  clear() {
    this.#list.replaceChildren();
    this.#views.clear();
    this.#lastAt = null;
  }

  /** Draw a message at the end. */
  add(message) {
    const words = el("div", { class: "words", lang: "zh-CN", dir: "auto" });
    const bubble = el("div", { class: "bubble" }, words);
    const item = el("li", { class: "message", data: { author: message.author, key: message.key } });
    if (this.#pauseBefore(message.at)) item.append(this.#when(message.at));
    item.append(this.#who(message.author), bubble);
    const view = { item, words, bubble, status: null };
    if (message.author === "assistant") this.#addLabel(view);
    this.#views.set(message.key, view);
    this.update(message);
    this.#list.append(item);
  }

  /** Draw a message anew. */
  update(message) {
    const view = this.#views.get(message.key);
    view.item.dataset.writing = message.writing;
    this.#drawWords(view, message);
    if (message.author !== "assistant") return;
    view.sources.replaceChildren(...message.citations.map((citation) => this.#source(citation)));
    view.sources.hidden = !message.citations.length;
    view.stopped.hidden = !message.interrupted;
    view.actions.hidden = message.writing || !message.output;
    this.#press(view.up, message.vote === "up");
    this.#press(view.down, message.vote === "down");
    view.message = message;
  }

  // Only where they changed: words that are drawn anew lose the customer's selection.
  #drawWords(view, message) {
    const uncited = !view.citations?.length && !message.citations.length;
    if (view.sentences === message.sentences && (uncited || view.citations === message.citations)) return;
    view.words.replaceChildren(...message.sentences.map((words) => this.#sentence(words, message)));
    view.sentences = message.sentences;
    view.citations = message.citations;
  }

  /** Draw a sentence that was just said. */
  say(message, words) {
    const sentence = this.#sentence(words, message);
    sentence.classList.add("fresh");
    this.#views.get(message.key).words.append(sentence);
  }

  /** Show how sending goes: `sending`, `waiting`, `failed` or `sent`. */
  delivery(message, state, error) {
    const view = this.#views.get(message.key);
    view.item.dataset.delivery = state;
    view.status?.remove();
    view.status = null;
    if (state === "sent") return;
    const key = { sending: "sending", waiting: "queued", failed: "failed" }[state];
    const words = state === "failed" && error ? `${this.#t(key)}${this.#t("colon")}${error}` : this.#t(key);
    view.status = el(
      "div",
      { class: "delivery", role: state === "failed" ? "alert" : null },
      icon(state === "failed" ? "alert" : "clock"),
      el("span", {}, words),
    );
    if (state === "failed") {
      const again = el("button", { type: "button", class: "link", onclick: () => this.#act.retry(message) });
      again.append(this.#t("retry"));
      view.status.append(again);
    }
    view.item.append(view.status);
  }

  #addLabel(view) {
    view.sources = el("ul", { class: "sources", "aria-label": this.#t("sources"), hidden: true });
    view.stopped = el("p", { class: "stopped", hidden: true }, this.#t("stopped"));
    view.actions = el("div", { class: "actions", hidden: true });
    view.up = this.#action("up", "up", () => this.#act.vote(view.message, "up"));
    view.down = this.#action("thumbs-down", "down", () => this.#act.vote(view.message, "down"));
    view.actions.append(this.#action("copy", "copy", () => this.#act.copy(view.message)), view.up, view.down);
    const label = el("p", { class: "label", lang: "zh-CN" }, icon("spark"), el("span", {}, NOTICE));
    const dots = el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i"));
    view.bubble.append(dots, view.stopped, view.sources, el("div", { class: "foot" }, label, view.actions));
  }

  #action(name, key, onclick) {
    const label = this.#t(key);
    return el("button", { type: "button", class: "quiet", "aria-label": label, title: label, onclick }, icon(name));
  }

  #press(button, pressed) {
    button.setAttribute("aria-pressed", String(pressed));
  }

  #sentence(words, message) {
    const parts = words.split(CITATION).filter(Boolean);
    return el("span", { class: "sentence" }, ...parts.map((part) => this.#part(part, message)));
  }

  #part(part, message) {
    const citation = CITATION.test(part)
      ? message.citations.find(({ number }) => `[${number}]` === part)
      : null;
    if (!citation) return part;
    return el("button", {
      type: "button",
      class: "cite",
      "aria-label": this.#open(citation),
      onclick: () => this.#act.cite(citation),
    }, part);
  }

  #source(citation) {
    const button = el(
      "button",
      { type: "button", class: "chip", "aria-label": this.#open(citation), onclick: () => this.#act.cite(citation) },
      el("span", { class: "number" }, String(citation.number)),
      el("span", { class: "chip-title" }, citation.title),
    );
    return el("li", {}, button);
  }

  #open({ number, title }) {
    return this.#t("openSource", { number, title });
  }

  #who(author) {
    if (author === "customer") return el("span", { class: "unseen" }, this.#t("customer"));
    const name = el("span", {}, this.#t(author));
    return el("div", { class: "who" }, ...(author === "staff" ? [icon("person")] : []), name);
  }

  #pauseBefore(at) {
    const due = !this.#lastAt || at - this.#lastAt > PAUSE;
    this.#lastAt = at;
    return due;
  }

  #when(at) {
    return el("time", { class: "when", datetime: at.toISOString() }, this.#say(at));
  }

  #say(at) {
    return sayWhen(at, new Date(), this.#lang, this.#t);
  }

  #tellTimes() {
    for (const time of this.#list.querySelectorAll("time")) {
      time.textContent = this.#say(new Date(time.dateTime));
    }
  }
}
