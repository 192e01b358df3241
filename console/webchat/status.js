// Who is there: brand, model, state of the conversation and of the connection.

import { byId } from "./dom.js";

const PATIENCE = 12000;
const GIVE_UP = 60000;
const BLINK = 2500;
const BANNERS = {
  requested: "bannerRequested",
  queued: "bannerQueued",
  human: "bannerHuman",
  closed: "bannerClosed",
};
const PRESENCE = { requested: "presenceAsked", queued: "presenceAsked", human: "presenceHuman" };
// While a person is called, the banner says all there is to say.
const PERSONAL = new Set(Object.keys(PRESENCE));

/** Tells the customer how things stand. */
export class Status {
  #t;
  #state = "bot";
  #lost = false;
  #losing = null;
  #patience = [];

  constructor(t) {
    this.#t = t;
  }

  /** Say who serves here. */
  introduce({ brand, model }) {
    const name = brand?.name || this.#t("brand");
    document.title = this.#t("title", { brand: name });
    byId("brand").textContent = name;
    byId("greeting").textContent = this.#t("greeting", { brand: name });
    for (const seal of ["seal", "welcome-seal"]) byId(seal).textContent = [...name][0];
    const parts = [];
    if (model?.name) parts.push(this.#t("model", { name: model.name }));
    if (model?.filing) parts.push(this.#t("filing", { filing: model.filing }));
    byId("filing").textContent = parts.join(this.#t("between"));
    byId("filing").hidden = !parts.length;
  }

  /** Say who has the conversation. */
  state(state) {
    this.#state = state;
    byId("banner").textContent = BANNERS[state] ? this.#t(BANNERS[state]) : "";
    byId("banner").dataset.state = state;
    byId("person").hidden = PERSONAL.has(state);
    if (PERSONAL.has(state)) this.#wait(false);
    this.#tellPresence();
  }

  /** Say whether the server is heard; a short break is not worth a word. */
  connected(connected) {
    if (!connected) {
      this.#losing ??= setTimeout(() => this.#lose(true), BLINK);
      return;
    }
    clearTimeout(this.#losing);
    this.#losing = null;
    this.#lose(false);
  }

  /** Show that an answer is expected, unless a person has the conversation. */
  expect(state) {
    this.#wait(!PERSONAL.has(state) && !PERSONAL.has(this.#state));
  }

  /** Something came: the waiting is over. */
  arrived() {
    this.#wait(false);
  }

  /** Say that nothing could be loaded. */
  failed(words) {
    byId("failure-text").textContent = words;
    byId("failure").hidden = false;
  }

  #lose(lost) {
    this.#lost = lost;
    this.#tellPresence();
  }

  #wait(waiting) {
    this.#patience.forEach(clearTimeout);
    byId("waiting").hidden = !waiting;
    byId("waiting-text").textContent = this.#t("waiting");
    if (!waiting) return;
    this.#patience = [
      setTimeout(() => (byId("waiting-text").textContent = this.#t("waitingLong")), PATIENCE),
      setTimeout(() => this.#wait(false), GIVE_UP),
    ];
  }

  #tellPresence() {
    const key = this.#lost ? "presenceLost" : PRESENCE[this.#state] || "presenceBot";
    byId("presence-text").textContent = this.#t(key);
    byId("presence").dataset.tone = this.#lost ? "lost" : this.#state;
  }
}
