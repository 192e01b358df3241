// The server, as the page knows it.

/** The server refused, or could not be reached (status 0). */
export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }

  /** Whether the same again may work. */
  get retryable() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** One account's server; opens a session when there is none, and again when it has run out. */
export class Api {
  #account;
  #shelf;
  #t;
  #onStranger;
  #opening = null;

  /** `onStranger` is called when a renewed session speaks for somebody else than before. */
  constructor(account, shelf, t, onStranger) {
    this.#account = encodeURIComponent(account);
    this.#shelf = shelf;
    this.#t = t;
    this.#onStranger = onStranger;
  }

  /** Open or renew the session. */
  open() {
    // Several calls may find the session out at once: one renewal serves them all.
    this.#opening ??= this.#open().finally(() => (this.#opening = null));
    return this.#opening;
  }

  /** Give the last messages. */
  async messages() {
    return (await this.#call(`/chat/${this.#account}/messages?limit=50`)).json();
  }

  /** Send what the customer wrote; the same id twice is one message. */
  async send({ id, text }) {
    return (await this.#call(`/webhooks/webchat/${this.#account}`, { id, text })).json();
  }

  /** Vote on an answer: up, down or none. */
  async vote(output, vote) {
    await this.#call(`/chat/${this.#account}/feedback`, { output, vote });
  }

  /** Stop the answer that is being written. */
  async cancel() {
    await this.#call(`/chat/${this.#account}/cancel`, {});
  }

  /** Follow what happens after a number; gives the body as it comes. */
  async follow(after, signal) {
    const path = `/chat/${this.#account}/events?after=${after}`;
    return (await this.#call(path, undefined, { signal, accept: "text/event-stream" })).body;
  }

  async #open() {
    const old = this.#shelf.get("session");
    const response = await this.#fetch(`/chat/${this.#account}/session`, old ? { token: old.token } : {});
    const session = await response.json();
    this.#shelf.put("session", { token: session.token, customer: session.customer });
    if (old && old.customer !== session.customer) this.#onStranger();
    return session;
  }

  async #call(path, body, options = {}) {
    try {
      return await this.#fetch(path, body, options);
    } catch (error) {
      if (error.status !== 401) throw error;
    }
    await this.open();
    return this.#fetch(path, body, options);
  }

  async #fetch(path, body, { signal, accept = "application/json" } = {}) {
    const headers = { Accept: accept };
    const session = this.#shelf.get("session");
    if (session) headers.Authorization = `Bearer ${session.token}`;
    if (body) headers["Content-Type"] = "application/json";
    const request = { method: body ? "POST" : "GET", headers, signal, cache: "no-store" };
    if (body) request.body = JSON.stringify(body);
    let response;
    try {
      response = await fetch(path, request);
    } catch {
      throw new ApiError(0, "offline", this.#t("offline"));
    }
    if (!response.ok) throw await this.#refusal(response);
    return response;
  }

  async #refusal(response) {
    let told = {};
    try {
      told = (await response.json()).error || {};
    } catch {
      // A proxy's error page: the status is all there is.
    }
    return new ApiError(response.status, told.code || "", told.message || this.#t("serverError"));
  }
}
