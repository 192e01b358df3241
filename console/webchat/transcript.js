// What was said, made from AG-UI events; knows no page.

import { withoutLabel } from "./label.js";

/**
 * The messages of a conversation, in order.
 *
 * A message is `{key, author, sentences, at, output, citations, interrupted, vote, writing}`, its
 * author `customer`, `assistant` or `staff`. Laws: an event applied again changes nothing; words of
 * an assistant never stand in a message that is not one.
 */
export class Transcript {
  #byKey = new Map();
  #runs = new Set();
  #latest = null;
  #listen;
  #state = "bot";

  /** `listen` has `added(message)`, `changed(message)`, `said(message, sentence)`, `running(bool)` and `state(name)`. */
  constructor(listen) {
    this.#listen = listen;
  }

  get state() {
    return this.#state;
  }

  get running() {
    return this.#runs.size > 0;
  }

  /** Put in what the server remembers. */
  load({ messages, state, open }) {
    messages.forEach((message, index) => this.#remember(message, index));
    if (open) this.#reopen(open);
    this.#setState(state);
  }

  /** Put in what the customer wrote just now; not twice under one id. */
  write(id, text, at) {
    if (this.#byKey.has(id)) return this.#byKey.get(id);
    return this.#add({ key: id, author: "customer", sentences: [text], at });
  }

  /** Change a message's vote. */
  vote(message, vote) {
    message.vote = vote;
    this.#listen.changed(message);
  }

  /** Apply a group of events. */
  apply(events) {
    for (const event of events) this.#apply(event);
  }

  #apply(event) {
    switch (event.type) {
      case "RUN_STARTED":
        this.#runs.add(event.runId);
        this.#listen.running(this.running);
        break;
      case "TEXT_MESSAGE_START":
        this.#start(event);
        break;
      case "TEXT_MESSAGE_CONTENT":
        this.#say(this.#byKey.get(event.messageId), withoutLabel(event.delta));
        break;
      case "TEXT_MESSAGE_END":
        // A person may have spoken in between: what follows in this group is of this message.
        this.#latest = this.#byKey.get(event.messageId);
        this.#change(this.#latest, { writing: false });
        break;
      case "RUN_FINISHED":
      case "RUN_ERROR":
        this.#finish(event);
        break;
      case "CUSTOM":
        this.#custom(event.name, event.value);
        break;
    }
  }

  #custom(name, value) {
    if (name === "state") this.#setState(value.state);
    else if (name === "citations") this.#change(this.#latest, { citations: value });
    else if (name === "interrupted") this.#change(this.#byKey.get(value.output), { interrupted: true });
  }

  #start({ messageId, name }) {
    const started = { sentences: [], citations: [], interrupted: false, writing: true };
    const known = this.#byKey.get(messageId);
    // Started again: the server tells the message from its beginning, so it replaces.
    if (known) this.#change(known, started);
    this.#latest =
      known ||
      this.#add({
        key: messageId,
        output: messageId,
        author: name === "staff" ? "staff" : "assistant",
        at: new Date(),
        ...started,
      });
  }

  #say(message, words) {
    if (!message || !words) return;
    message.sentences.push(words);
    this.#listen.said(message, words);
  }

  #finish({ runId }) {
    if (runId === undefined) this.#runs.clear();
    else this.#runs.delete(runId);
    if (this.#latest?.writing) this.#change(this.#latest, { writing: false });
    this.#listen.running(this.running);
  }

  #remember({ role, text, output, at, citations, interrupted, vote, id }, index) {
    this.#add({
      key: output || id || `past-${index}-${at}`,
      author: role,
      sentences: [role === "customer" ? text : withoutLabel(text)],
      at: new Date(at),
      output: role === "customer" ? null : output,
      citations: citations || [],
      interrupted: Boolean(interrupted),
      vote: vote || null,
    });
  }

  #reopen({ run, output, text, at }) {
    this.#runs.add(run);
    const known = this.#byKey.get(output);
    if (known) this.#change(known, { writing: true });
    this.#latest = known || null;
    if (!known && output) {
      this.#latest = this.#add({
        key: output,
        output,
        author: "assistant",
        sentences: text ? [text] : [],
        at: at ? new Date(at) : new Date(),
        writing: true,
      });
    }
    this.#listen.running(true);
  }

  #add(given) {
    const message = {
      output: null, citations: [], interrupted: false, vote: null, writing: false, ...given,
    };
    this.#byKey.set(message.key, message);
    this.#listen.added(message);
    return message;
  }

  #change(message, changes) {
    if (!message) return;
    Object.assign(message, changes);
    this.#listen.changed(message);
  }

  #setState(state) {
    if (!state || state === this.#state) return;
    this.#state = state;
    this.#listen.state(state);
  }
}
