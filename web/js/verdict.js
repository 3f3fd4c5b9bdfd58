// The verdict in words. Not flagged is no reassurance, and no colour says that it is one.

import { element } from "./dom.js";
import { message, words } from "./words.js";

const known = ["flagged", "not_flagged", "cannot_judge"];

/** A verdict that this page does not know is treated as "cannot judge". */
function shown(verdict) {
  return known.includes(verdict) ? verdict : "cannot_judge";
}

/** The classes of style.css for a verdict. */
export function verdictClass(verdict) {
  return `verdict verdict--${shown(verdict).replace("_", "-")}`;
}

/** `scale`: the figures that are on one scale, by their names in the words. */
export function verdictPart(analysis, scale) {
  const verdict = shown(analysis.verdict);
  const hasFigures = verdict === "cannot_judge" && !analysis.operating_point;
  return element("div", { class: verdictClass(verdict) },
    element("h2", { class: "verdict__title", id: "result-title", tabindex: "-1" }, words(`verdict.${verdict}`)),
    element("p", {}, words(hasFigures ? "verdict.cannot_judge.no_point.text" : `verdict.${verdict}.text`, scale)),
    reasons(analysis));
}

/** Only where they add something: above and below the threshold are said already. */
function reasons(analysis) {
  const more = (analysis.reasons ?? []).filter((reason) => !/^(above|below)_threshold$/.test(reason.code));
  return more.length === 0 ? null : element("ul", { class: "reasons" }, more.map((reason) => element("li", {}, message(reason))));
}
