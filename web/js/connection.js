// The server that the page talks to: its address, this device's token for it, what is loaded there and what patients are asked.
// Up: "asking", "ready" (detail: the card), "starting" and "missing" (detail: the problem), "locked" (detail: {hadToken}),
// "known" (detail: {isKept}), "refused" (a new token, while an older one stays), "terms" (detail: what patients are asked).

import { Latest } from "./latest.js";
import { Problem, isAbort } from "./problem.js";
import { Server } from "./server.js";
import { forgetToken, keepToken, keptToken } from "./token.js";

export class Connection extends EventTarget {
  /** What is known of the ensemble, or null. */
  card = null;
  #terms = null;
  #server = null;
  /** A token that the server has not accepted yet. */
  #given = null;
  #inquiries = new Latest();

  get server() {
    return this.#server;
  }

  /** Turns to a server. `given`: a new token for it; an older one is replaced once the server knows the new one. */
  connect(address, given = null) {
    const kept = keptToken(address);
    this.#given = given;
    if (given !== null && kept === null) keepToken(address, given);
    this.#server = new Server(address, given ?? kept);
    this.#terms = null;
    return this.inquire();
  }

  /** What patients are asked; asked for again where it is not known yet. Throws as `Server` does. */
  async terms(signal) {
    if (this.#terms === null) {
      const server = this.#server;
      const terms = await server.terms(signal);
      if (server === this.#server) this.#learn(terms);
      return terms;
    }
    return this.#terms;
  }

  /** What was known of the terms no longer holds. */
  forgetTerms() {
    this.#terms = null;
  }

  /** Asks what is loaded; while the server starts, asks again. */
  async inquire() {
    const run = this.#inquiries.begin();
    this.card = null;
    this.#tell("asking");
    for (;;) {
      try {
        const [terms, card] = await Promise.allSettled([this.#server.terms(run.signal), this.#server.ensemble(run.signal)]);
        if (!run.isLatest()) return;
        if (terms.status === "fulfilled") this.#learn(terms.value);
        if (card.status === "rejected") throw card.reason;
        this.card = card.value;
        this.#accepted();
        this.#tell("ready", this.card);
        return;
      } catch (error) {
        if (!run.isLatest() || isAbort(error)) return;
        const problem = error instanceof Problem ? error : Problem.unreadable();
        if (problem.status === 401) {
          this.lock();
          return;
        }
        if (problem.status !== 503) {
          this.#tell("missing", problem);
          return;
        }
        this.#tell("starting", problem);
        await new Promise((resolve) => setTimeout(resolve, 1000 * Math.max(2, problem.retryAfter ?? 0)));
        if (!run.isLatest()) return;
      }
    }
  }

  /** The server does not know this device (401). */
  lock() {
    const { base, token } = this.#server;
    const isNew = this.#given !== null;
    this.#given = null;
    if (isNew && keptToken(base) !== token) {
      this.#tell("refused");
      this.connect(base);
      return;
    }
    if (isNew) forgetToken(base);
    this.#inquiries.abort();
    this.card = null;
    this.#tell("locked", { hadToken: token !== null, isNew });
  }

  #accepted() {
    if (this.#given === null) return;
    const isKept = keepToken(this.#server.base, this.#given);
    this.#given = null;
    this.#tell("known", { isKept });
  }

  #learn(terms) {
    this.#terms = terms;
    this.#tell("terms", terms);
  }

  #tell(name, detail = null) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
