// What is known of the patient. All of it is optional; what is given is checked beside its field.

import { byId, say } from "./dom.js";

const names = ["age", "sex", "site"];

export class Patient {
  #note = byId("patient-note");

  constructor() {
    for (const name of names) byId(name).addEventListener("input", () => this.complain(name, null));
    byId("age").addEventListener("change", () => this.#checkAge());
  }

  /** The fields that were given, or null where one is wrong: the words then stand beside it and it has the focus. */
  read() {
    if (!this.#checkAge()) {
      byId("age").focus();
      return null;
    }
    return names.map((name) => [name, byId(name).value.trim()]).filter(([, value]) => value !== "");
  }

  clear() {
    for (const name of names) this.complain(name, null);
  }

  /** Says `words` beside the field; false where there is no such field. */
  complain(name, words) {
    if (!names.includes(name)) return false;
    const input = byId(name);
    say(byId(`${name}-error`), words);
    if (words) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    return true;
  }

  focus(name) {
    byId(name).focus();
  }

  /** Says that the loaded ensemble does not use these. */
  noteUnused(isUnused) {
    say(this.#note, isUnused ? "The loaded ensemble works from the photo alone. These are repeated with the result, not used for it." : null);
  }

  #checkAge() {
    const input = byId("age");
    const isWrong = input.validity.badInput || (input.value !== "" && !/^(\d|[1-9]\d|1[01]\d|120)$/.test(input.value.trim()));
    this.complain("age", isWrong ? "Give the age in whole years from 0 to 120, or leave it empty." : null);
    return !isWrong;
  }
}
