// The Monk Skin Tone scale as ten swatches to choose from (skintone.google, colours in style.css). The doctor judges; nothing is read from the photo.

import { element } from "./dom.js";

const tones = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const ends = { 1: ", the lightest", 10: ", the darkest" };

/** The field "monk"; its name inside `prefix`. */
export function skinTones(prefix) {
  return element("fieldset", { class: "tones field--wide", "aria-describedby": `${prefix}-monk-hint ${prefix}-monk-error` },
    element("legend", {}, "Skin tone (Monk scale)"),
    element("div", { class: "tones__row" },
      tones.map((tone) => element("label", { class: "tone" },
        element("input", { type: "radio", name: "monk", value: tone, "aria-label": `Monk skin tone ${tone} of 10${ends[tone] ?? ""}` }),
        element("span", { class: `tone__swatch tone__swatch--${tone}` }),
        element("span", { class: "tone__number", "aria-hidden": "true" }, String(tone)))),
      element("label", { class: "tone tone--none" },
        element("input", { type: "radio", name: "monk", value: "", checked: true }), element("span", { class: "tone__number" }, "Not given"))),
    element("p", { class: "hint", id: `${prefix}-monk-hint` }, "As you judge it, on skin beside the mole; nothing is read from the photo."),
    element("p", { class: "field-error", id: `${prefix}-monk-error`, role: "alert", hidden: true }));
}
