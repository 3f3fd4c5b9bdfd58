// The result of one analysis. Up: "over" (the doctor wants to begin anew). The server's page for browsers without script has the same parts and class names.

import { byId, element } from "./dom.js";
import { classTable } from "./classes.js";
import { facts } from "./facts.js";
import { gauge } from "./gauge.js";
import { duration, percent, percentBeside, percentRange, points, size } from "./numbers.js";
import { verdictPart } from "./verdict.js";

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
      shows && section(`${count(analysis.classes)} classes, mean of ${analysis.early_stop ? "these" : "all"} passes`, classTable(analysis.classes, isSame ? card.target : undefined)),
      section("How it was computed", computed(analysis, roundTrip, isSame ? card : null)),
    ].filter(Boolean));
    this.#part.hidden = false;
    byId("result-title").focus({ preventScroll: true });
    this.#part.scrollIntoView({ block: "start" });
  }
}

function section(title, ...content) {
  return element("section", { class: "card" }, element("h3", {}, title), ...content);
}

function count(classes) {
  const words = ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten"];
  const number = Object.keys(classes).length;
  return words[number] ?? String(number);
}

/** Figures for a photo that can't be judged mean nothing, and a low one would reassure. Without an operating point they are all there is. */
function showsFigures({ verdict, operating_point: point }) {
  return verdict === "flagged" || verdict === "not_flagged" || !point;
}

function main(analysis, photo, card) {
  if (!showsFigures(analysis)) {
    return element("div", { class: "card card--result" },
      verdictPart(analysis),
      photo ? element("div", { class: "score" }, element("img", { class: "score__photo", src: photo, alt: "The analysed square", width: 88, height: 88 })) : null,
      element("p", {}, "No figures are shown: for this photo they would mean nothing."),
      ...closing(analysis, card));
  }
  const { probability, raw_probability: score = probability, calibrated, spread, operating_point: point } = analysis;
  const threshold = point?.threshold ?? null;
  return element("div", { class: "card card--result" },
    verdictPart(analysis),
    element("div", { class: "score" },
      photo ? element("img", { class: "score__photo", src: photo, alt: "The analysed square", width: 88, height: 88 }) : null,
      element("p", { class: "score__line" },
        element("span", { class: "score__label" }, calibrated ? "Probability of melanoma" : "Model score for melanoma"), " ",
        element("strong", { class: "score__value", id: "score" }, percentBeside(probability, threshold ?? probability)), " ",
        element("span", { class: "score__warning" }, warning(analysis)))),
    gauge({ value: score, spread, threshold }),
    spread ? element("p", { class: "spread" },
      `${passesOf(analysis)} passes gave ${percentRange([spread.lowest, spread.highest])}, standard deviation ${points(spread.standard_deviation)}.`) : null,
    ...shortened(analysis),
    ...closing(analysis, card));
}

/** That fewer passes were made than there are, beside the score; the remarks say more. */
function shortened({ passes, early_stop: stop, budget }) {
  return [
    stop ? element("p", {}, `Stopped after ${passes} of ${stop.planned} passes: the others would hardly change the verdict.`) : null,
    budget ? element("p", {}, `${budget.asked - budget.planned} passes were left out to answer within ${budget.seconds} s on this machine.`) : null,
  ];
}

function closing(analysis, card) {
  return [
    element("p", { class: "notice" }, analysis.notice ?? "Decision support, not a diagnosis. For the final diagnosis refer to the biopsy."),
    card ? element("p", { class: "hint" }, `Intended use of this ensemble: ${card.intended_use}.`) : null,
    element("button", { class: "button", id: "start-over", type: "button" }, "Start over with another patient"),
  ];
}

function warning({ calibrated, verdict }) {
  const words = calibrated ? "Calibrated." : "Not calibrated: not the patient’s risk.";
  return verdict === "flagged" || verdict === "not_flagged" ? words : `${words} Not to be relied on for this photo.`;
}

function passesOf(analysis) {
  const { passes, passes_available: available } = analysis;
  return available && available !== passes ? `${passes} of ${available}` : `All ${passes}`;
}

function operatingPoint(point) {
  if (!point) {
    return section("Operating point", element("p", {}, "This ensemble has none, so nothing is known of how often it is right."));
  }
  const rate = (value, interval) => value == null ? null : interval ? `${percent(value)} (95 % interval ${percentRange(interval)})` : percent(value);
  return section(`How often it is right at ${point.name}`,
    facts([
      ["Melanomas flagged (sensitivity)", rate(point.sensitivity, point.sensitivity_95)],
      ["Others not flagged (specificity)", rate(point.specificity, point.specificity_95)],
      ["Measured on", point.measured_on],
    ]),
    element("p", { class: "hint" }, "In a practice, with other cameras and other patients, it can be right less often."));
}

function computed(analysis, roundTrip, card) {
  const { image, timing_ms: timing, ensemble, patient, members } = analysis;
  const crop = image.crop;
  return [
    showsFigures(analysis) && analysis.remarks?.length ? element("ul", { class: "remarks" }, analysis.remarks.map((remark) => element("li", {}, remark))) : null,
    facts([
      ["Time", `${duration(timing?.total)} in the server, ${duration(roundTrip)} with the way there and back`],
      ["Passes", `${analysis.passes} of ${analysis.passes_available ?? analysis.passes}${analysis.early_stop ? "; stopped early" : ""}, in ${analysis.precision}`],
      ["Rule", analysis.early_stop?.rule],
      ["Photo", `${size(image.width, image.height)} pixels; square of ${crop.side} from (${crop.x}, ${crop.y})`],
      ["Patient", patientWords(patient)],
      ["Ensemble", `${ensemble.name} ${ensemble.version}`],
      ["Licence", card?.licence],
      ["Score before calibration", analysis.calibrated && showsFigures(analysis) ? percent(analysis.raw_probability) : null],
      ["SHA-256", ensemble.sha256, "code"],
      ["Analysis", analysis.id, "code"],
    ]),
    showsFigures(analysis) && members?.length ? memberTable(members) : null,
  ];
}

function patientWords(patient) {
  if (!patient) return null;
  const given = [
    patient.sex,
    patient.age === null || patient.age === undefined ? null : `${patient.age} years`,
    patient.site,
  ].filter(Boolean);
  return given.length === 0 ? "Nothing given" : `${given.join(", ")} (${patient.used ? "used" : "not used"} for the score)`;
}

function memberTable(members) {
  return element("table", { class: "members" },
    element("caption", {}, "Each member of the ensemble"),
    element("thead", {}, element("tr", {},
      element("th", { scope: "col" }, "Network"), element("th", { scope: "col" }, "Input"),
      element("th", { scope: "col" }, "Passes"), element("th", { scope: "col" }, "Score"))),
    element("tbody", {}, members.map((member) => element("tr", {},
      element("th", { scope: "row" }, member.architecture.replaceAll("_", "_\u200b")),
      element("td", {}, `${member.input_size} px`),
      element("td", {}, String(member.passes)),
      element("td", {}, percent(member.probability))))));
}
