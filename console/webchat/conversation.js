// One conversation on the page: what happens when.

import { ApiError } from "./api.js";
import { copyLabelled } from "./clipboard.js";
import { Composer } from "./composer.js";
import { byId, el, icon } from "./dom.js";
import { NOTICE } from "./label.js";
import { MessageList } from "./messages.js";
import { Outbox } from "./outbox.js";
import { Scroller } from "./scroller.js";
import { Sheet } from "./sheet.js";
import { Status } from "./status.js";
import { Follower } from "./stream.js";
import { Toast } from "./toast.js";
import { Transcript } from "./transcript.js";

// Staff and the server's agent read Chinese: the request is the same in every language.
const ASK_FOR_PERSON = "转人工客服";
const STILL_WAITING = 60000;
const STARTERS = ["starter1", "starter2", "starter3", "starter4"];

/** Loads, follows, sends; tells each part of the page its share. */
export class Conversation {
  #api;
  #t;
  #sheet = new Sheet();
  #toast = new Toast(byId("toast"));
  #status;
  #messages;
  #transcript;
  #outbox;
  #composer;
  #scroller;
  #follower;

  constructor(api, shelf, t, lang) {
    this.#api = api;
    this.#t = t;
    this.#status = new Status(t);
    this.#scroller = new Scroller(byId("log"), byId("newer"));
    this.#messages = new MessageList(byId("messages"), t, lang, {
      cite: (citation) => this.#sheet.show(citation),
      copy: (message) => this.#copy(message),
      vote: (message, vote) => this.#vote(message, message.vote === vote ? null : vote),
      retry: (message) => this.#outbox.retry(message.key),
    });
    this.#outbox = new Outbox({
      send: (entry) => api.send(entry),
      shelf,
      onChange: (entry, answer) => this.#delivered(entry, answer),
    });
    this.#composer = new Composer(t, {
      onSend: (text) => this.#say(text),
      onStop: () => this.#stop(),
    });
    this.#follower = new Follower({
      open: (after, signal) => api.follow(after, signal),
      onEvents: (events) => this.#transcript.apply(events),
      onConnected: (connected) => this.#status.connected(connected),
      onGone: () => this.begin(),
    });
    byId("person").addEventListener("click", () => this.#say(ASK_FOR_PERSON));
    byId("reload").addEventListener("click", () => this.begin());
    addEventListener("online", () => byId("failure").hidden || this.begin());
  }

  /** Load the conversation and follow it. */
  async begin() {
    byId("failure").hidden = true;
    let remembered;
    try {
      this.#status.introduce(await this.#api.open());
      remembered = await this.#api.messages();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#status.failed(error.status ? error.message : this.#t("loadFailed"));
      return;
    }
    this.#restore(remembered);
    this.#follower.start(remembered.last);
    await this.#outbox.flush();
  }

  #restore(remembered) {
    this.#messages.clear();
    this.#transcript = new Transcript({
      added: (message) => this.#added(message),
      changed: (message) => this.#messages.update(message),
      said: (message, words) => this.#said(message, words),
      running: (running) => this.#running(running),
      state: (state) => this.#status.state(state),
    });
    this.#status.state("bot");
    this.#transcript.load(remembered);
    if (this.#unanswered(remembered)) this.#status.expect(remembered.state);
    for (const entry of this.#outbox.entries) this.#show(entry);
    byId("welcome").hidden = byId("messages").childElementCount > 0;
    this.#offerStarters();
    this.#composer.running(this.#transcript.running);
    this.#scroller.toEnd();
  }

  #unanswered({ messages, open }) {
    const last = messages[messages.length - 1];
    return !open && last?.role === "customer" && Date.now() - new Date(last.at) < STILL_WAITING;
  }

  #offerStarters() {
    const offers = STARTERS.map((key) => {
      const words = this.#t(key);
      const button = el("button", { type: "button", class: "starter", onclick: () => this.#say(words) });
      button.append(el("span", {}, words), icon("next"));
      return el("li", {}, button);
    });
    byId("starters").replaceChildren(...offers);
  }

  #say(text) {
    this.#show(this.#outbox.put(text));
    this.#scroller.toEnd();
    this.#outbox.flush();
  }

  #show(entry) {
    const message = this.#transcript.write(entry.id, entry.text, new Date(entry.at));
    this.#messages.delivery(message, entry.state, entry.error);
  }

  #delivered(entry, answer) {
    const message = this.#transcript.write(entry.id, entry.text, new Date(entry.at));
    this.#messages.delivery(message, entry.state, entry.error);
    if (entry.state === "sent" && !this.#transcript.running) this.#status.expect(answer.state);
  }

  #added(message) {
    byId("welcome").hidden = true;
    this.#messages.add(message);
    if (message.author !== "customer") this.#status.arrived();
  }

  #said(message, words) {
    this.#messages.say(message, words);
    this.#scroller.more();
    const first = message.sentences.length === 1;
    const label = message.author === "assistant" ? NOTICE : this.#t(message.author);
    this.#announce(first ? `${label}${this.#t("colon")}${words}` : words);
  }

  #announce(words) {
    const announcer = byId("announcer");
    announcer.append(el("p", {}, words));
    while (announcer.childElementCount > 8) announcer.firstElementChild.remove();
  }

  #running(running) {
    this.#composer.running(running);
    this.#scroller.more();
  }

  async #stop() {
    await this.#tell(() => this.#api.cancel());
  }

  async #copy(message) {
    try {
      await copyLabelled(message.sentences.join(""));
      this.#toast.show(this.#t("copied"));
    } catch {
      this.#toast.show(this.#t("copyFailed"));
    }
  }

  async #vote(message, vote) {
    const before = message.vote;
    this.#transcript.vote(message, vote);
    const told = await this.#tell(() => this.#api.vote(message.output, vote || "none"));
    if (!told) this.#transcript.vote(message, before);
    else if (vote) this.#thank(message, vote);
    else this.#toast.show(this.#t("undone"));
  }

  #thank(message, vote) {
    const words = this.#t(vote === "up" ? "thanksUp" : "thanksDown");
    this.#toast.show(words, this.#t("undo"), () => this.#vote(message, null));
  }

  async #tell(call) {
    try {
      await call();
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#toast.show(error.message);
      return false;
    }
  }
}
