// The question that comes with another photo where a consent is held: is it of the patient who gave it? Nothing is sent before the answer.
// Up: "same" and "other".

import { byId, say } from "./dom.js";

export class SamePatient extends EventTarget {
  #part = byId("same-patient");
  #error = byId("same-error");

  constructor() {
    super();
    byId("same-yes").addEventListener("click", () => this.dispatchEvent(new Event("same")));
    byId("same-other").addEventListener("click", () => this.dispatchEvent(new Event("other")));
  }

  /** Asks as long as it is open whether `consent` holds for the photo. */
  show({ isInQuestion }) {
    say(this.#error, null);
    this.#part.hidden = !isInQuestion;
  }

  /** Says that the answer is missing. */
  complain() {
    say(this.#error, "Answer this first. Nothing is sent before.");
    this.focus();
  }

  focus() {
    byId("same-title").focus({ preventScroll: true });
    this.#part.scrollIntoView({ block: "end" }); // with the photo above it
  }
}
