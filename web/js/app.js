// The controller of the start page: wires the small parts. Events come up from them, calls go down to them.

import { byId } from "./dom.js";
import { Access } from "./access.js";
import { Analyses } from "./analyses.js";
import { Connection } from "./connection.js";
import { ConsentPart } from "./consent-part.js";
import { Donations } from "./donations.js";
import { EnsembleCard } from "./ensemble-card.js";
import { Effort } from "./effort.js";
import { Footer } from "./footer.js";
import { Patient } from "./patient.js";
import { PatientConsent } from "./patient-consent.js";
import { PhotoPicker } from "./photo.js";
import { Preview } from "./preview.js";
import { ProblemPart } from "./problem-part.js";
import { Progress } from "./progress.js";
import { Result } from "./result.js";
import { SamePatient } from "./same-patient.js";
import { Settings } from "./settings.js";
import { Slip } from "./slip.js";

const form = byId("analysis-form");
const picker = new PhotoPicker();
const preview = new Preview();
const patient = new Patient();
const effort = new Effort();
const progress = new Progress();
const result = new Result(byId("slip"), byId("donation"));
const problemPart = new ProblemPart();
const ensembleCard = new EnsembleCard();
const settings = new Settings();
const consentPart = new ConsentPart();
const samePatient = new SamePatient();
const slip = new Slip();
const footer = new Footer();
const connection = new Connection();
const access = new Access(connection);
const consent = new PatientConsent();
const donations = new Donations(connection, consent);
const analyses = new Analyses(connection, consent, consentPart, progress);

/** Ends what runs and takes away what belongs to another photo or server. */
function reset() {
  analyses.abort();
  result.clear();
  donations.clear();
  problemPart.clear();
}

/** Nothing of the patient stays but the photo. */
function forgetPatient() {
  reset();
  form.reset();
  patient.clear();
  effort.clear();
  consent.forget();
  consentPart.clear();
}

function startOver() {
  forgetPatient();
  picker.clear();
  preview.clear();
  picker.offer("photo");
  picker.focus();
  scrollTo({ top: 0 });
}

async function analyse() {
  await picker.settled;
  if (analyses.isRunning) return;
  const { photo } = picker;
  if (photo === null) {
    if (byId("photo-error").hidden) picker.complain("Take or choose a photo first.");
    picker.focus();
    return;
  }
  if (consent.isInQuestion) {
    samePatient.complain();
    return;
  }
  const given = patient.read();
  if (given === null) return;

  reset();
  try {
    const outcome = await analyses.run(photo, [...given, ...effort.read()]);
    if (outcome === null) return;
    donations.offer(photo, outcome.terms, given);
    result.show(outcome.analysis, { roundTrip: outcome.roundTrip, card: connection.card, photo: preview.source });
  } catch (problem) {
    fail(problem);
  }
}

function fail(problem) {
  if (problem.status === 401) {
    locked();
    return;
  }
  if (problem.code === "consent-required" || problem.field === "text_version" || problem.field === "language") {
    askAgain(problem);
    return;
  }
  problemPart.show(problem);
  if (problem.field && effort.complain(problem.field, problem.detail)) return;
  if (problem.field && patient.complain(problem.field, problem.detail)) patient.focus(problem.field);
}

/** The consent there was does not hold, or its words have changed: back to the patient. */
function askAgain(problem) {
  const had = consent.code !== null;
  consent.forget();
  consentPart.clear();
  consentPart.why(had ? problem.detail
    : problem.code === "consent-required" ? "The server takes a photo only with the patient’s consent." : "The words have changed. Ask the patient with the new ones.");
  consentPart.focus();
  connection.forgetTerms();
  connection.terms().catch(() => {}); // the next attempt says what is wrong
}

function locked() {
  connection.lock();
  access.focus();
}

function cancel() {
  if (!analyses.abort()) return;
  progress.announce("Cancelled.");
  byId("analyse").focus();
}

picker.addEventListener("chosen", ({ detail: file }) => {
  reset();
  picker.offer("another");
  consent.question();
  preview.show(file).then(() => {
    if (consent.isInQuestion) samePatient.focus();
  });
});
picker.addEventListener("refused", () => {
  reset();
  preview.clear();
  picker.offer("photo");
  consent.confirm();
});
samePatient.addEventListener("same", () => {
  consent.confirm();
  byId("analyse").focus();
});
samePatient.addEventListener("other", () => {
  forgetPatient();
  byId("patient-title").focus();
});
result.addEventListener("over", startOver);
consentPart.addEventListener("over", startOver);
consent.addEventListener("changed", () => {
  samePatient.show(consent);
  consentPart.show(consent);
  slip.show(consent);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  analyse();
});
progress.addEventListener("cancel", cancel);
problemPart.addEventListener("retry", analyse);
donations.addEventListener("unauthorised", locked);
ensembleCard.addEventListener("retry", () => connection.inquire());
settings.addEventListener("server", ({ detail: { address, token } }) => {
  reset();
  if (address !== connection.server.base) { // its consents are not those of another server
    consent.forget();
    consentPart.clear();
  }
  connection.connect(address, token);
});
connection.addEventListener("terms", ({ detail: terms }) => {
  consentPart.offer(terms);
  slip.from(terms, connection.server.base);
  footer.show(terms, connection.server.base);
});
connection.addEventListener("ready", ({ detail: card }) => {
  picker.largest = card.limits?.max_body_bytes ?? picker.largest;
  patient.noteUnused((card.members ?? []).every((member) => !member.metadata));
  effort.show(card);
});
ensembleCard.follow(connection);
settings.follow(connection);

form.noValidate = true; // the words stand beside the fields instead
document.documentElement.classList.add("js");
picker.takeEarly();
access.begin(settings.address);
