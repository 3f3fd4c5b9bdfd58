// A list of terms and what is known of them. What is not known is left out.

import { element } from "./dom.js";

/** `rows`: [term, words] or [term, words, class]. */
export function facts(rows) {
  return element("dl", { class: "facts" },
    rows.filter(([, words]) => words !== null && words !== undefined && words !== "").map(([term, words, kind]) =>
      element("div", {}, element("dt", {}, term), element("dd", { class: kind }, words))));
}
