// The consent of the patient who is here: recorded at the server, held in this page's memory alone, forgotten with the next patient.
// Up: "changed".

import { Once } from "./once.js";
import { formOf } from "./server.js";
import { Problem } from "./problem.js";

export class PatientConsent extends EventTarget {
  /** As the server recorded it, with the code that it shows once; null where none was given. */
  recorded = null;
  /** The numbers of the photos that were donated under it. */
  cases = [];
  /** True from another photo on until it is said that the photo is of the same patient: nothing may use it meanwhile. */
  isInQuestion = false;
  #once = new Once();
  #turn = 0;

  get code() {
    return this.recorded?.code ?? null;
  }

  /** True if it was given for a purpose: "processing", "donation". Whether it has ended is for the server's clock to say. */
  covers(purpose) {
    return Boolean(this.recorded?.[purpose]);
  }

  /** Records `statement`, or adds it to the consent that there is. Throws as `Server` does. */
  async record(server, statement, signal) {
    const turn = this.#turn;
    const { code } = this;
    const fields = code === null ? statement : [...statement.filter(([, value]) => value !== "refused"), ["consent", code]];
    const answer = await server.post("/v1/consents", formOf(fields), { signal, key: this.#once.keyFor(JSON.stringify(fields)) });
    if (turn !== this.#turn || signal.aborted) return; // another patient or photo is here
    const recorded = { ...answer, code: answer.code ?? code };
    if (typeof recorded.code !== "string") throw Problem.unreadable();
    this.#once.done();
    this.recorded = recorded;
    this.#tell();
  }

  add(number) {
    this.cases = [...this.cases, number];
    this.#tell();
  }

  /** Another photo is here, whose patient may be another one. */
  question() {
    this.isInQuestion = this.recorded !== null;
    this.#tell();
  }

  /** It is of the same patient, or there is no other photo after all. */
  confirm() {
    this.isInQuestion = false;
    this.#tell();
  }

  forget() {
    this.#turn += 1;
    this.isInQuestion = false;
    this.#once.done();
    this.recorded = null;
    this.cases = [];
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event("changed"));
  }
}
