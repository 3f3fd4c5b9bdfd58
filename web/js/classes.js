// The classes, largest score first, each with its full name and a bar.

import { drawing, element } from "./dom.js";
import { percent } from "./numbers.js";

// BKL has a longer name in the literature; it holds a word that reassures, so it is not printed.
const names = {
  AK: "Actinic keratosis (AK)",
  BCC: "Basal cell carcinoma (BCC)",
  BKL: "Keratosis (BKL)",
  DF: "Dermatofibroma (DF)",
  SCC: "Squamous cell carcinoma (SCC)",
  VASC: "Vascular lesion (VASC)",
  melanoma: "Melanoma",
  nevus: "Nevus",
  unknown: "Unknown or other",
};

/** `classes`: name → score. `target`: the class that the verdict is about. */
export function classTable(classes, target = "melanoma") {
  const rows = Object.entries(classes).sort(([, one], [, other]) => other - one);
  return element("table", { class: "classes" },
    element("thead", { class: "visually-hidden" },
      element("tr", {}, element("th", { scope: "col" }, "Class"), element("th", { scope: "col" }, "Score"))),
    element("tbody", {}, rows.map(([name, score]) =>
      element("tr", { class: name === target ? "classes__target" : null },
        element("th", { scope: "row" }, names[name] ?? name),
        element("td", {}, percent(score),
          drawing("svg", { class: "bar", width: "100%", height: 6, "aria-hidden": "true", focusable: "false" },
            drawing("rect", { class: "bar__track", width: "100%", height: 6, rx: 1 }),
            drawing("rect", { class: "bar__fill", width: `${(score * 100).toFixed(2)}%`, height: 6, rx: 1 })))))));
}
