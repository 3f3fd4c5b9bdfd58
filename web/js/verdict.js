// The verdict in words. Not flagged is no reassurance, and no colour says that it is one.

import { element } from "./dom.js";
import { percentBeside } from "./numbers.js";

const titles = { flagged: "Flagged", not_flagged: "Not flagged", cannot_judge: "Cannot judge" };

/** The classes of style.css for a verdict; one that this page does not know is treated as "cannot judge". */
export function verdictClass(verdict) {
  return `verdict verdict--${titles[verdict] ? verdict.replace("_", "-") : "cannot-judge"}`;
}

export function verdictPart(analysis) {
  const { verdict, operating_point: point, probability } = analysis;
  return element("div", { class: verdictClass(verdict) },
    element("h2", { class: "verdict__title", id: "result-title", tabindex: "-1" }, titles[verdict] ?? titles.cannot_judge),
    sentences(verdict, point, probability).map((sentence) => element("p", {}, sentence)),
    reasons(analysis));
}

function sentences(verdict, point, probability) {
  const name = point ? `the operating point ${point.name} (${percentBeside(point.threshold, probability)})` : "the operating point";
  if (verdict === "flagged") return [`At or above ${name}.`];
  if (verdict === "not_flagged") return [`Below ${name}. Refer if you or the patient are worried.`];
  return ["This photo gives no answer. Judge the mole without it, or take a new photo."];
}

/** Only where they add something: above and below the threshold are said already. */
function reasons(analysis) {
  const more = (analysis.reasons ?? []).filter((reason) => !/^(above|below)_threshold$/.test(reason.code));
  return more.length === 0 ? null : element("ul", { class: "reasons" }, more.map((reason) => element("li", {}, reason.text)));
}
