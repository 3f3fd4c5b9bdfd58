// The result of one analysis. Up: "over" (the doctor wants to begin anew). The server's page for browsers without script has the same parts and class names.

import { byId, element } from "./dom.js";
import { classTable } from "./classes.js";
import { facts } from "./facts.js";
import { gauge } from "./gauge.js";
import { duration, percent, percentBeside } from "./numbers.js";
import { verdictPart } from "./verdict.js";
import { message, words } from "./words.js";

export class Result extends EventTarget {
  #part = byId("result");
  #between;

  /** `between`: the parts that stand between the verdict and what is known of it, as long as there is one. */
  constructor(...between) {
    super();
    this.#between = between;
    this.#part.addEventListener("click", ({ target }) => {
      if (target.id === "start-over") this.dispatchEvent(new Event("over"));
    });
  }

  clear() {
    this.#part.hidden = true;
    this.#part.after(...this.#between);
    this.#part.replaceChildren();
  }

  /** `roundTrip`: milliseconds as seen here. `card`: what is known of the ensemble, or null. `photo`: address of the preview. */
  show(analysis, { roundTrip, card, photo }) {
    const isSame = card !== null && card.sha256 === analysis.ensemble?.sha256;
    const shows = showsFigures(analysis);
    this.#part.replaceChildren(...[
      main(analysis, photo, isSame ? card : null),
      ...this.#between,
      shows && operatingPoint(analysis.operating_point),
      shows && section(
        words(analysis.early_stop ? "classes.title.stopped" : "classes.title", { count: Object.keys(analysis.classes).length }),
        classTable(analysis.classes, isSame ? card.target : undefined)),
      section(words("computed.title"), computed(analysis, roundTrip, isSame ? card : null)),
    ].filter(Boolean));
    this.#part.hidden = false;
    byId("result-title").focus({ preventScroll: true });
    this.#part.scrollIntoView({ block: "start" });
  }
}

function section(title, ...content) {
  return element("section", { class: "card" }, element("h3", {}, title), ...content);
}

/** Figures for a photo that can't be judged mean nothing, and a low one would reassure. Without an operating point they are all there is. */
function showsFigures({ verdict, operating_point: point }) {
  return verdict === "flagged" || verdict === "not_flagged" || !point;
}

/** The figures that are on one scale: that of `probability`, or with an older server that of the raw score, which its threshold is on. */
function scaleOf(analysis) {
  const isOlder = analysis.probability_spread === undefined;
  const { operating_point: point } = analysis;
  const spread = isOlder ? analysis.spread : analysis.probability_spread;
  return {
    score: isOlder ? analysis.raw_probability ?? analysis.probability : analysis.probability,
    threshold: (isOlder ? point?.threshold : analysis.probability_threshold) ?? undefined,
    point: point?.name,
    lowest: spread?.lowest,
    highest: spread?.highest,
    deviation: spread?.standard_deviation,
  };
}

function main(analysis, photo, card) {
  const scale = scaleOf(analysis);
  const picture = photo ? element("img", { class: "score__photo", src: photo, alt: "The analysed square", width: 88, height: 88 }) : null;
  if (!showsFigures(analysis)) {
    return element("div", { class: "card card--result" },
      verdictPart(analysis, scale),
      picture ? element("div", { class: "score" }, picture) : null,
      element("p", {}, words("no_figures")),
      ...closing(analysis, card));
  }
  const { score, threshold = null, lowest, highest } = scale;
  const kind = analysis.calibrated ? "score.calibrated" : "score.raw";
  const spread = lowest === undefined ? null : { lowest, highest };
  return element("div", { class: "card card--result" },
    verdictPart(analysis, scale),
    element("div", { class: "score" },
      picture,
      element("p", { class: "score__line" },
        element("span", { class: "score__label" }, words(kind)), " ",
        element("strong", { class: "score__value", id: "score" }, percentBeside(analysis.probability, threshold ?? score)), " ",
        element("span", { class: "score__warning" }, warning(analysis, kind)))),
    gauge({ value: score, spread, threshold }),
    spread ? element("p", { class: "spread" }, words(...spreadOf(analysis, scale))) : null,
    ...shortened(analysis),
    ...closing(analysis, card));
}

/** That fewer passes were made than there are, beside the score; the remarks say more. */
function shortened({ passes, early_stop: stop, budget }) {
  return [
    stop ? element("p", {}, words("stopped", { passes, planned: stop.planned })) : null,
    budget ? element("p", {}, words("left_out", { count: budget.asked - budget.planned, seconds: budget.seconds })) : null,
  ];
}

function closing(analysis, card) {
  return [
    element("p", { class: "notice" }, analysis.notice ?? words("notice")),
    card ? element("p", { class: "hint" }, words("intended_use", { use: card.intended_use })) : null,
    element("button", { class: "button", id: "start-over", type: "button" }, "Start over with another patient"),
  ];
}

function warning({ verdict }, kind) {
  const isJudged = verdict === "flagged" || verdict === "not_flagged";
  return [words(`${kind}.warning`), isJudged ? null : words("score.unjudged.warning")].filter(Boolean).join(" ");
}

function spreadOf({ passes, passes_available: available = passes }, scale) {
  return [available === passes ? "spread.all" : "spread", { count: passes, available, ...scale }];
}

function operatingPoint(point) {
  if (!point) return section(words("point.none.title"), element("p", {}, words("point.none")));
  const rate = (value, interval) => value == null ? null
    : interval ? words("point.rate.interval", { rate: value, lowest: interval[0], highest: interval[1] }) : words("point.rate", { rate: value });
  return section(words("point.title", { point: point.name }),
    facts([
      [words("point.sensitivity"), rate(point.sensitivity, point.sensitivity_95)],
      [words("point.specificity"), rate(point.specificity, point.specificity_95)],
      [words("point.measured_on"), point.measured_on],
    ]),
    element("p", { class: "hint" }, words("point.hint")));
}

function computed(analysis, roundTrip, card) {
  const { image, timing_ms: timing, ensemble, passes, passes_available: available = passes, precision } = analysis;
  const shows = showsFigures(analysis);
  const remarks = analysis.coded_remarks?.map(message) ?? analysis.remarks ?? [];
  return [
    shows && remarks.length ? element("ul", { class: "remarks" }, remarks.map((remark) => element("li", {}, remark))) : null,
    facts([
      [words("computed.time"), words("computed.time.round_trip", { time: duration(timing?.total), round_trip: duration(roundTrip) })],
      [words("computed.passes"), words(analysis.early_stop ? "computed.passes.stopped" : "computed.passes.made", { passes, available, precision })],
      [words("computed.rule"), analysis.early_stop ? message(analysis.early_stop.coded_rule ?? { text: analysis.early_stop.rule }) : null],
      [words("computed.photo"), words("computed.photo.square", { width: image.width, height: image.height, ...image.crop })],
      [words("computed.patient"), patientWords(analysis.patient)],
      [words("computed.ensemble"), `${ensemble.name} ${ensemble.version}`],
      [words("computed.licence"), card?.licence],
      [words("computed.raw"), analysis.calibrated && shows ? percent(analysis.raw_probability) : null],
      [words("computed.sha256"), ensemble.sha256, "code"],
      [words("computed.analysis"), analysis.id, "code"],
    ]),
    shows && analysis.members?.length ? memberTable(analysis.members) : null,
  ];
}

function patientWords(patient) {
  if (!patient) return null;
  const given = [patient.sex, patient.age == null ? null : words("computed.patient.years", { count: patient.age }), patient.site].filter(Boolean);
  if (given.length === 0) return words("computed.patient.none");
  return words(patient.used ? "computed.patient.used" : "computed.patient.unused", { facts: given.join(", ") });
}

function memberTable(members) {
  return element("table", { class: "members" },
    element("caption", {}, words("members.title")),
    element("thead", {}, element("tr", {},
      ["network", "input", "passes", "score"].map((name) => element("th", { scope: "col" }, words(`members.${name}`))))),
    element("tbody", {}, members.map((member) => element("tr", {},
      element("th", { scope: "row" }, member.architecture.replaceAll("_", "_\u200b")),
      element("td", {}, `${member.input_size} px`),
      element("td", {}, String(member.passes)),
      element("td", {}, percent(member.probability))))));
}
