// What is said of a donated photo: the facts that research lacks. All optional, none inferred from the photo.

import { element, say } from "./dom.js";
import { skinTones } from "./skin-tones.js";

const prefix = "case";
const yesOrNo = [["yes", "Yes"], ["no", "No"]];
const sites = [
  ["head/neck", "Head or neck"], ["upper extremity", "Upper extremity"], ["lower extremity", "Lower extremity"], ["anterior torso", "Torso, front"],
  ["posterior torso", "Torso, back"], ["lateral torso", "Torso, side"], ["torso", "Torso"], ["palms/soles", "Palms or soles"], ["oral/genital", "Oral or genital"],
];
const skinTypes = [
  ["1", "I: always burns, never tans"], ["2", "II: burns easily, tans little"], ["3", "III: burns at times, tans slowly"],
  ["4", "IV: burns little, tans well"], ["5", "V: hardly burns, brown skin"], ["6", "VI: never burns, deep brown skin"],
];
const cameras = [
  ["dermatoscope", "Dermatoscope"], ["phone", "Phone"], ["camera", "Camera"], ["phone with dermatoscope", "Phone with a dermatoscope in front"],
];

function field(name, label, control, isWide = false) {
  const id = `${prefix}-${name}`;
  return element("div", { class: isWide ? "field field--wide" : "field" }, element("label", { for: id }, label), control(id),
    element("p", { class: "field-error", id: `${id}-error`, role: "alert", hidden: true }));
}

function choice(name, label, options, isWide) {
  return field(name, label, (id) => element("select", { id, name, autocomplete: "off", "aria-describedby": `${id}-error` },
    element("option", { value: "" }, "Not given"), options.map(([value, words]) => element("option", { value }, words))), isWide);
}

function number(name, label, attributes) {
  return field(name, label, (id) => element("input", { id, name, type: "number", autocomplete: "off", "aria-describedby": `${id}-error`, ...attributes }));
}

export class CaseFacts {
  #form;

  /** Puts its fields into `part`, inside `form`. */
  constructor(part, form) {
    this.#form = form;
    part.append(
      number("age", "Age in years", { inputmode: "numeric", min: 0, max: 120, step: 1 }),
      choice("sex", "Sex", [["female", "Female"], ["male", "Male"]]),
      choice("site", "Site on the body", sites),
      number("diameter", "Diameter in mm", { inputmode: "decimal", min: 0.1, max: 299, step: "any" }),
      choice("fitzpatrick", "Skin type (Fitzpatrick)", skinTypes, true),
      skinTones(prefix),
      choice("changed", "Changed lately", yesOrNo),
      choice("nodular", "Raised and firm", yesOrNo),
      choice("personal_history", "Melanoma before", yesOrNo),
      choice("family_history", "Melanoma in family", yesOrNo),
      choice("sun_exposure", "Sun exposure", [["low", "Low"], ["medium", "Medium"], ["high", "High"]]),
      choice("skin_care", "Cream or make-up", yesOrNo),
      choice("camera", "Taken with", cameras, true));
    form.addEventListener("input", ({ target }) => this.complain(target.name, null));
  }

  /** Begins with what is known of the patient: names and values. */
  begin(known) {
    this.#form.reset();
    for (const [name, value] of known) {
      const input = this.#form.elements[name];
      if (!input) continue;
      input.value = value;
      if (input.selectedIndex === -1) input.value = ""; // "unknown" is not given
    }
    for (const input of this.#form.elements) this.complain(input.name, null);
  }

  /** The fields that were given, or null where one is wrong: the words then stand beside it and it has the focus. */
  read() {
    const wrong = [
      ["age", (value) => /^(\d|[1-9]\d|1[01]\d|120)$/.test(value), "Give whole years from 0 to 120, or leave it empty."],
      ["diameter", (value) => /^\d+(\.\d+)?$/.test(value) && value > 0 && value < 300, "Give millimetres, such as 4.5, or leave it empty."],
    ].filter(([name, isRight, words]) => {
      const input = this.#form.elements[name];
      const isWrong = input.validity.badInput || (input.value !== "" && !isRight(input.value));
      this.complain(name, isWrong ? words : null);
      return isWrong;
    });
    if (wrong.length > 0) {
      this.#form.elements[wrong[0][0]].focus();
      return null;
    }
    return [...new FormData(this.#form)].filter(([, value]) => value !== "");
  }

  /** Says `words` beside the field; false where there is no such field. */
  complain(name, words) {
    const error = name ? document.getElementById(`${prefix}-${name}-error`) : null;
    if (!error) return false;
    say(error, words);
    const input = document.getElementById(`${prefix}-${name}`);
    if (words) input?.setAttribute("aria-invalid", "true");
    else input?.removeAttribute("aria-invalid");
    return true;
  }
}
