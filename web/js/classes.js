// The classes, largest score first, each with its full name and a bar.

import { drawing, element } from "./dom.js";
import { percent } from "./numbers.js";
import { className, words } from "./words.js";

/** `classes`: name → score. `target`: the class that the verdict is about. */
export function classTable(classes, target = "melanoma") {
  const rows = Object.entries(classes).sort(([, one], [, other]) => other - one);
  return element("table", { class: "classes" },
    element("thead", { class: "visually-hidden" },
      element("tr", {}, element("th", { scope: "col" }, words("classes.class")), element("th", { scope: "col" }, words("classes.score")))),
    element("tbody", {}, rows.map(([name, score]) =>
      element("tr", { class: name === target ? "classes__target" : null },
        element("th", { scope: "row" }, className(name)),
        element("td", {}, percent(score),
          drawing("svg", { class: "bar", width: "100%", height: 6, "aria-hidden": "true", focusable: "false" },
            drawing("rect", { class: "bar__track", width: "100%", height: 6, rx: 1 }),
            drawing("rect", { class: "bar__fill", width: `${(score * 100).toFixed(2)}%`, height: 6, rx: 1 })))))));
}
