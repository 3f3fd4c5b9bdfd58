// The step before an analysis where the server asks for the patient's consent: the question, then that it was answered.
// Up: "over" (another patient).

import { ConsentQuestion } from "./consent-question.js";
import { byId, say } from "./dom.js";
import { day } from "./numbers.js";
import { asked } from "./purposes.js";

export class ConsentPart extends EventTarget {
  #part = byId("consent-part");
  #isRequired = false;
  #isInQuestion = false;
  #asking = byId("consent-asking");
  #given = byId("consent-given");
  #question = new ConsentQuestion(byId("consent-question"), "consent");

  constructor() {
    super();
    byId("consent-over").addEventListener("click", () => this.dispatchEvent(new Event("over")));
  }

  /** What patients are asked here; nothing is shown where nothing is required. */
  offer(terms) {
    this.#isRequired = terms.isRequired;
    this.#part.hidden = !terms.isRequired || this.#isInQuestion;
    if (terms.isRequired) this.#question.ask(terms, asked(terms));
  }

  /** Whether the patient has agreed to the analysis, as `consent` says; nothing as long as it is not said whether it is this patient's. */
  show(consent) {
    this.#isInQuestion = consent.isInQuestion;
    this.#part.hidden = !this.#isRequired || this.#isInQuestion;
    const isGiven = consent.covers("processing");
    this.#asking.hidden = isGiven;
    this.#given.hidden = !isGiven;
    if (isGiven) byId("consent-until").textContent = day(consent.recorded.processing.until);
  }

  /** The fields of the patient's statement; null where there was no agreement: the focus is then on it. */
  read() {
    this.why(null);
    return this.#question.read("processing");
  }

  /** Why it is asked (again), even before the question is there. */
  why(words) {
    if (words) this.#part.hidden = false;
    say(byId("consent-why"), words);
  }

  focus() {
    byId("consent-title").focus({ preventScroll: true });
    this.#part.scrollIntoView({ block: "start" });
  }

  clear() {
    this.why(null);
    this.#question.clear();
  }
}
