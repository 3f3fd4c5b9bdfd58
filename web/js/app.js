// The controller: wires the small parts. Events come up from them, calls go down to them.

import { byId } from "./dom.js";
import { EnsembleCard } from "./ensemble-card.js";
import { Effort } from "./effort.js";
import { Latest } from "./latest.js";
import { Patient } from "./patient.js";
import { PhotoPicker } from "./photo.js";
import { Preview } from "./preview.js";
import { Problem, isAbort } from "./problem.js";
import { ProblemPart } from "./problem-part.js";
import { Progress } from "./progress.js";
import { Result } from "./result.js";
import { Server } from "./server.js";
import { Settings } from "./settings.js";

const form = byId("analysis-form");
const picker = new PhotoPicker();
const preview = new Preview();
const patient = new Patient();
const effort = new Effort();
const progress = new Progress();
const result = new Result();
const problemPart = new ProblemPart();
const ensembleCard = new EnsembleCard();
const settings = new Settings();

const analyses = new Latest();
const inquiries = new Latest();
let server = new Server(settings.address);
let card = null;

/** Ends what runs and takes away what belongs to another photo or server. */
function reset() {
  if (analyses.abort()) progress.end();
  result.clear();
  problemPart.clear();
}

async function analyse() {
  await picker.settled;
  if (analyses.isRunning) return;
  if (picker.photo === null) {
    if (byId("photo-error").hidden) picker.complain("Take or choose a photo first.");
    picker.focus();
    return;
  }
  const given = patient.read();
  if (given === null) return;

  const body = new FormData();
  body.append("image", picker.photo, "photo.jpg"); // the file's own name may be the patient's
  for (const [name, value] of [...given, ...effort.read()]) body.append(name, value);

  reset();
  const run = analyses.begin();
  const began = performance.now();
  progress.begin(picker.photo.size, thresholdOf(card));
  try {
    const analysis = await server.analyse(body, {
      signal: run.signal,
      onWaiting: (place) => { if (run.isLatest()) progress.waiting(place); },
      onProgress: (pass) => { if (run.isLatest()) progress.pass(pass); },
    });
    if (!run.isLatest()) return;
    progress.end();
    result.show(analysis, { roundTrip: performance.now() - began, card, photo: preview.source });
  } catch (error) {
    if (!run.isLatest() || isAbort(error)) return;
    progress.end();
    fail(error instanceof Problem ? error : Problem.unreadable());
  } finally {
    analyses.end(run);
  }
}

function fail(problem) {
  problemPart.show(problem);
  if (problem.field && effort.complain(problem.field, problem.detail)) return;
  if (problem.field && patient.complain(problem.field, problem.detail)) patient.focus(problem.field);
}

function cancel() {
  if (!analyses.abort()) return;
  progress.end();
  progress.announce("Cancelled.");
  byId("analyse").focus();
}

function thresholdOf(ensemble) {
  const points = ensemble?.operating_points ?? [];
  return (points.find((point) => point.name === ensemble.operating_point) ?? points[0])?.threshold ?? null;
}

/** Asks what is loaded; while the server starts, asks again. */
async function inquire() {
  const run = inquiries.begin();
  card = null;
  ensembleCard.waiting();
  for (;;) {
    try {
      const answer = await server.ensemble(run.signal);
      if (!run.isLatest()) return;
      card = answer;
      picker.largest = card.limits?.max_body_bytes ?? picker.largest;
      patient.noteUnused((card.members ?? []).every((member) => !member.metadata));
      ensembleCard.show(card);
      effort.show(card);
      settings.tell(byId("settings").open ? `The server answers: ensemble ${card.name} ${card.version}.` : "");
      return;
    } catch (error) {
      if (!run.isLatest() || isAbort(error)) return;
      const problem = error instanceof Problem ? error : Problem.unreadable();
      settings.tell(byId("settings").open ? `${problem.title}. ${problem.detail}` : "");
      if (problem.status !== 503) {
        ensembleCard.missing(problem);
        return;
      }
      ensembleCard.starting(problem);
      await new Promise((resolve) => setTimeout(resolve, 1000 * Math.max(2, problem.retryAfter ?? 0)));
      if (!run.isLatest()) return;
    }
  }
}

picker.addEventListener("chosen", ({ detail: file }) => {
  reset();
  preview.show(file);
  picker.offer("another");
});
picker.addEventListener("refused", () => {
  reset();
  preview.clear();
  picker.offer("photo");
});
result.addEventListener("over", () => {
  reset();
  form.reset();
  picker.clear();
  patient.clear();
  effort.clear();
  preview.clear();
  picker.offer("photo");
  picker.focus();
  scrollTo({ top: 0 });
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  analyse();
});
progress.addEventListener("cancel", cancel);
problemPart.addEventListener("retry", analyse);
ensembleCard.addEventListener("retry", inquire);
settings.addEventListener("address", ({ detail: address }) => {
  reset();
  server = new Server(address);
  inquire();
});

form.noValidate = true; // the words stand beside the fields instead
document.documentElement.classList.add("js");
picker.takeEarly();
inquire();
