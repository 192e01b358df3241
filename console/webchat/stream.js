// The stream of events: read in groups, resumed after the last whole one.

import { backoff, pause } from "./retry.js";

// The server sends a heartbeat every 15 s: silence of more than two means that nobody is there.
const SILENCE = 40000;
const DOUBT = 20000;

/** Read Server-Sent Events; gives `{id, event}`, with `id` null where the frame has none. */
export async function* frames(body, onBytes = () => {}) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onBytes();
    rest += decoder.decode(value, { stream: true });
    const blocks = rest.split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const frame = parse(block);
      if (frame) yield frame;
    }
  }
}

function parse(block) {
  let id = null;
  let data = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("id:")) id = Number(line.slice(3));
    else if (line.startsWith("data:")) data += line.slice(5);
  }
  return data ? { id, event: JSON.parse(data) } : null;
}

/** Follows the events of a conversation: no gap, none twice, whatever the network does. */
export class Follower {
  #open;
  #onEvents;
  #onConnected;
  #onGone;
  #after = 0;
  #running = false;
  #connection = null;
  #heard = 0;

  /**
   * `open(after, signal)` gives a body; `onEvents(events)` gets whole groups; `onConnected(bool)`;
   * `onGone()` when the server has no events as old as those that were asked for.
   */
  constructor({ open, onEvents, onConnected, onGone }) {
    this.#open = open;
    this.#onEvents = onEvents;
    this.#onConnected = onConnected;
    this.#onGone = onGone;
    document.addEventListener("visibilitychange", () => this.#doubt());
  }

  /** Follow from after this number. */
  start(after) {
    this.#after = after;
    if (!this.#running) this.#run();
  }

  async #run() {
    this.#running = true;
    for (let failures = 0; this.#running; failures += 1) {
      try {
        await this.#connect(() => (failures = 0));
      } catch (error) {
        this.#running = error.status !== 409 && error.status !== 410;
      }
      this.#onConnected(false);
      if (this.#running) await pause(backoff(failures));
    }
    this.#onGone();
  }

  async #connect(onAlive) {
    this.#connection = new AbortController();
    let watch;
    const heard = () => {
      onAlive();
      this.#heard = performance.now();
      clearTimeout(watch);
      watch = setTimeout(() => this.#connection.abort(), SILENCE);
    };
    try {
      const body = await this.#open(this.#after, this.#connection.signal);
      this.#onConnected(true);
      heard();
      await this.#read(frames(body, heard));
    } finally {
      clearTimeout(watch);
    }
  }

  async #read(stream) {
    let group = [];
    for await (const { id, event } of stream) {
      group.push(event);
      if (id === null) {
        // Who has the conversation is told at any time, also between groups that have a number.
        if (event.type === "CUSTOM" && event.name === "state") this.#onEvents([group.pop()]);
        continue;
      }
      const events = group;
      group = [];
      if (id <= this.#after) continue;
      this.#after = id;
      this.#onEvents(events);
    }
  }

  #doubt() {
    // A phone that slept holds connections that died long ago: ask anew instead of waiting.
    const silent = performance.now() - this.#heard > DOUBT;
    if (document.visibilityState === "visible" && silent) this.#connection?.abort();
  }
}
