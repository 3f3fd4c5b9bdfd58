// What the patient is asked, in words first and in full a tap away: in which language, who answers, and a tick for each purpose.

import { element, say } from "./dom.js";
import { wordsFor } from "./purposes.js";
import { languageName, preferredText } from "./terms.js";

const givers = { patient: "The patient", guardian: "A parent or guardian", representative: "A legal representative" };
const agreements = {
  patient: "The patient agrees",
  guardian: "The parent or guardian agrees for the patient",
  representative: "The representative agrees for the patient",
};

export class ConsentQuestion {
  #part;
  #prefix;
  #terms = null;
  #purposes = [];
  #text = null;
  #giver = "patient";

  /** `prefix`: begins the names of what is put into `part`. */
  constructor(part, prefix) {
    this.#part = part;
    this.#prefix = prefix;
  }

  /** Asks for `purposes`; what was ticked stays only where the words are still the same. */
  ask(terms, purposes) {
    const isSame = JSON.stringify([this.#terms, this.#purposes]) === JSON.stringify([terms, purposes]);
    this.#terms = terms;
    this.#purposes = purposes;
    if (!isSame) this.clear();
  }

  /** Nothing is ticked: another patient, or other words. */
  clear() {
    if (this.#terms === null) return;
    this.#text = preferredText(this.#terms);
    this.#giver = "patient";
    this.#draw();
  }

  /** The fields of the statement; null where what is `required` is not agreed to: the words then stand beside it. */
  read(required) {
    if (!this.#text || !this.#tick(required).checked) {
      this.complain(required, wordsFor(required).missing);
      return null;
    }
    return [
      ...this.#purposes.map((purpose) => [purpose, this.#tick(purpose).checked ? "granted" : "refused"]),
      ["text_version", this.#terms.version],
      ["language", this.#text.language],
      ["given_by", this.#giver],
    ];
  }

  /** Says `words` at a purpose and takes the focus there. */
  complain(purpose, words) {
    say(this.#find(`${purpose}-error`), words);
    this.#tick(purpose)?.focus();
  }

  #find(name) {
    return this.#part.querySelector(`#${this.#prefix}-${name}`);
  }

  #tick(purpose) {
    return this.#find(purpose);
  }

  #draw() {
    if (!this.#text) {
      this.#part.replaceChildren(element("p", {}, "This server has no words to ask the patient with. Tell its administrator."));
      return;
    }
    const asked = element("div", { class: "asking" });
    // Other words or another person: what was ticked was ticked for others.
    const drawPurposes = () => asked.replaceChildren(...this.#purposes.map((purpose) => this.#purpose(purpose)));
    const { texts } = this.#terms;
    this.#part.replaceChildren(
      element("div", { class: "fields" },
        texts.length < 2 ? null : this.#select("language", "Language", texts.map(({ language }) => [language, languageName(language)]), this.#text.language,
          (value) => { this.#text = texts.find(({ language }) => language === value); drawPurposes(); }),
        this.#select("giver", "Who agrees", Object.entries(givers), this.#giver,
          (value) => { this.#giver = value; drawPurposes(); })),
      asked);
    drawPurposes();
  }

  #select(name, label, options, chosen, choose) {
    const id = `${this.#prefix}-${name}`;
    const select = element("select", { id, autocomplete: "off" },
      options.map(([value, words]) => element("option", { value, selected: value === chosen }, words)));
    select.addEventListener("change", () => choose(select.value));
    return element("div", { class: this.#terms.texts.length < 2 ? "field field--wide" : "field" }, element("label", { for: id }, label), select);
  }

  #purpose(purpose) {
    const id = `${this.#prefix}-${purpose}`;
    const { language, [purpose]: wording } = this.#text;
    const isVoluntary = purpose !== "processing";
    const days = this.#terms.days[purpose];
    const tick = element("input", { id, type: "checkbox", autocomplete: "off", "aria-describedby": `${id}-summary ${id}-error` });
    tick.addEventListener("change", () => say(this.#find(`${purpose}-error`), null));
    return element("section", { class: "asked", "aria-labelledby": `${id}-title` },
      element("h3", { id: `${id}-title` }, wordsFor(purpose).title, isVoluntary ? element("span", { class: "optional" }, " voluntary") : null),
      element("p", { class: "asked__summary", id: `${id}-summary`, lang: language }, wording?.summary ?? ""),
      element("details", {}, element("summary", {}, "The whole text"),
        element("p", { class: "asked__text", lang: language }, wording?.text ?? ""),
        element("p", { class: "hint" }, `Version ${this.#terms.version}. ${days ? `Holds for ${days} days unless it is withdrawn. ` : ""}Who answers for the data: ${this.#terms.controller}.`)),
      element("label", { class: "tick", for: id }, tick, element("span", {}, agreements[this.#giver])),
      element("p", { class: "field-error", id: `${id}-error`, role: "alert", hidden: true }));
  }
}
