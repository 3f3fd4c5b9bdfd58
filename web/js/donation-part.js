// The card that offers to keep a photo for research, after its result. Up: "donate" (detail: {photo, statement, facts}).

import { CaseFacts } from "./case-facts.js";
import { ConsentQuestion } from "./consent-question.js";
import { byId, say } from "./dom.js";

export class DonationPart extends EventTarget {
  #part = byId("donation");
  #form = byId("donation-form");
  #send = byId("donation-send");
  #done = byId("donation-done");
  #question = new ConsentQuestion(byId("donation-question"), "donation");
  #facts = new CaseFacts(byId("donation-facts"), this.#form);
  #photo = null;
  #asks = false;

  constructor() {
    super();
    this.#form.noValidate = true;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#donate();
    });
  }

  /** Offers it for `photo`; `known`: what is known of the patient. */
  offer(photo, { terms, consent, known }) {
    this.#photo = photo;
    this.#facts.begin(known);
    this.#question.ask(terms, ["donation"]);
    this.#question.clear();
    this.show(consent);
    this.working(false);
    this.complain(null);
    this.#form.hidden = false;
    this.#done.hidden = true;
    this.#part.open = false;
    this.#part.hidden = false;
  }

  /** Asks for the consent only where `consent` does not cover it yet. */
  show(consent) {
    this.#asks = !consent.covers("donation");
    byId("donation-question").hidden = !this.#asks;
    byId("donation-agreed").hidden = this.#asks;
  }

  working(isWorking) {
    if (isWorking) this.#send.setAttribute("aria-disabled", "true");
    else this.#send.removeAttribute("aria-disabled");
    this.#send.textContent = isWorking ? "Sending the photo" : "Donate this photo";
  }

  /** It is kept under `number`. */
  kept(number) {
    this.working(false);
    this.#form.hidden = true;
    byId("donation-number").textContent = number;
    this.#done.hidden = false;
    byId("donation-done-title").focus();
  }

  /** What went wrong, beside the field if it is about one. */
  complain(problem) {
    const isField = problem?.field && this.#facts.complain(problem.field, problem.detail);
    say(byId("donation-problem"), problem && !isField ? `${problem.title}. ${problem.detail}` : null);
    if (isField) this.#form.elements[problem.field]?.focus?.();
  }

  clear() {
    this.#photo = null;
    this.#part.hidden = true;
    this.#form.reset();
    this.#question.clear();
    byId("donation-number").textContent = "";
  }

  #donate() {
    if (this.#photo === null || this.#send.getAttribute("aria-disabled") === "true") return;
    this.complain(null);
    const statement = this.#asks ? this.#question.read("donation") : [];
    if (statement === null) return;
    const facts = this.#facts.read();
    if (facts === null) return;
    this.dispatchEvent(new CustomEvent("donate", { detail: { photo: this.#photo, statement, facts } }));
  }
}
