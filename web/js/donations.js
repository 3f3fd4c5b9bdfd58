// Donates a photo: the consent first where it is not given yet, then the photo with its facts. A newer patient or photo silences it.
// Up: "unauthorised" (the server does not know this device).

import { DonationPart } from "./donation-part.js";
import { Latest } from "./latest.js";
import { Once } from "./once.js";
import { Problem, isAbort } from "./problem.js";
import { formOf } from "./server.js";

export class Donations extends EventTarget {
  #part = new DonationPart();
  #runs = new Latest();
  #once = new Once();
  #connection;
  #consent;

  constructor(connection, consent) {
    super();
    this.#connection = connection;
    this.#consent = consent;
    this.#part.addEventListener("donate", ({ detail }) => this.#donate(detail));
    consent.addEventListener("changed", () => this.#part.show(consent));
  }

  /** Offers to donate `photo`, where the server takes donations; `known`: what is known of the patient. */
  offer(photo, terms, known) {
    if (terms.offersDonation) this.#part.offer(photo, { terms, consent: this.#consent, known });
  }

  clear() {
    this.#runs.abort();
    this.#once.done();
    this.#part.clear();
  }

  async #donate({ photo, statement, facts }) {
    const { server } = this.#connection;
    const run = this.#runs.begin();
    this.#part.working(true);
    try {
      if (!this.#consent.covers("donation")) await this.#consent.record(server, statement, run.signal);
      if (!run.isLatest()) return;
      const fields = [["consent", this.#consent.code], ...facts];
      const key = this.#once.keyFor(photo, JSON.stringify(fields));
      const answer = await server.post("/v1/cases", formOf([["image", photo], ...fields]), { signal: run.signal, key });
      if (!run.isLatest()) return;
      if (typeof answer.case !== "string") throw Problem.unreadable();
      this.#once.done();
      this.#consent.add(answer.case);
      this.#part.kept(answer.case);
    } catch (error) {
      if (!run.isLatest() || isAbort(error)) return;
      this.#part.working(false);
      const problem = error instanceof Problem ? error : Problem.unreadable();
      this.#part.complain(problem);
      if (problem.status === 401) this.dispatchEvent(new Event("unauthorised"));
      // Withdrawn or ended meanwhile: the patient is asked again.
      if (problem.field === "consent" || problem.code === "record-unknown") this.#consent.forget();
      if (problem.field === "text_version" || problem.field === "language") this.#connection.inquire();
    } finally {
      this.#runs.end(run);
    }
  }
}
