// Runs an analysis: the patient's consent first where it is asked for, then the photo. A newer run silences an older one.

import { Latest } from "./latest.js";
import { Problem, isAbort } from "./problem.js";
import { formOf } from "./server.js";

export class Analyses {
  #runs = new Latest();
  #connection;
  #consent;
  #consentPart;
  #progress;

  constructor(connection, consent, consentPart, progress) {
    this.#connection = connection;
    this.#consent = consent;
    this.#consentPart = consentPart;
    this.#progress = progress;
  }

  get isRunning() {
    return this.#runs.isRunning;
  }

  /** Ends the run, if any. Says whether there was one. */
  abort() {
    const wasRunning = this.#runs.abort();
    if (wasRunning) this.#progress.end();
    return wasRunning;
  }

  /** Returns `{analysis, terms, roundTrip}`, or null where the run was ended or the patient has not agreed. Throws `Problem`. */
  async run(photo, fields) {
    const run = this.#runs.begin();
    const began = performance.now();
    this.#progress.begin(photo.size);
    try {
      const terms = await this.#agreed(run, photo.size);
      if (terms === null || !run.isLatest()) return null;
      const consent = this.#consent.covers("processing") ? [["consent", this.#consent.code]] : [];
      const analysis = await this.#connection.server.analyse(formOf([["image", photo], ...fields, ...consent]), {
        signal: run.signal,
        onWaiting: (place) => { if (run.isLatest()) this.#progress.waiting(place); },
        onProgress: (pass) => { if (run.isLatest()) this.#progress.pass(pass); },
      });
      return run.isLatest() ? { analysis, terms, roundTrip: performance.now() - began } : null;
    } catch (error) {
      if (!run.isLatest() || isAbort(error)) return null;
      throw error instanceof Problem ? error : Problem.unreadable();
    } finally {
      if (run.isLatest()) this.#progress.end();
      this.#runs.end(run);
    }
  }

  /** Nothing of the photo leaves before it is known whether the patient is to be asked, and before the patient has agreed (else null). */
  async #agreed(run, bytes) {
    const terms = await this.#connection.terms(run.signal);
    if (!run.isLatest()) return null;
    if (!terms.isRequired || this.#consent.covers("processing")) return terms;
    const statement = this.#consentPart.read();
    if (statement === null) return null;
    this.#progress.recording();
    await this.#consent.record(this.#connection.server, statement, run.signal);
    if (run.isLatest()) this.#progress.sending(bytes);
    return terms;
  }
}
