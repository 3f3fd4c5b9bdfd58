// The page that adds what the pathologist found to a donated photo.

import { keptAddress } from "./address.js";
import { byId, say } from "./dom.js";
import { Latest } from "./latest.js";
import { Problem, isAbort } from "./problem.js";
import { Server, formOf } from "./server.js";
import { keptToken } from "./token.js";

const names = ["case", "histology"];
const form = byId("histology-form");
const runs = new Latest();

function complain(name, words) {
  say(byId(`${name}-error`), words);
  if (words) byId(name).setAttribute("aria-invalid", "true");
  else byId(name).removeAttribute("aria-invalid");
}

function clear() {
  for (const name of names) complain(name, null);
  byId("problem").hidden = true;
  byId("outcome").hidden = true;
}

async function add() {
  clear();
  const missing = names.filter((name) => byId(name).value.trim() === "");
  for (const name of missing) complain(name, name === "case" ? "Type the number that was shown when the photo was donated." : "Choose what the pathologist found.");
  if (missing.length > 0) {
    byId(missing[0]).focus();
    return;
  }
  const run = runs.begin();
  byId("histology-send").setAttribute("aria-disabled", "true");
  try {
    const address = keptAddress();
    const fields = names.map((name) => [name, byId(name).value.trim()]);
    const answer = await new Server(address, keptToken(address)).post("/v1/cases/histology", formOf(fields), { signal: run.signal });
    if (!run.isLatest()) return;
    byId("outcome-words").textContent = `Case ${String(answer.case ?? fields[0][1]).toUpperCase()}: ${byId("histology").selectedOptions[0].textContent}.`;
    form.reset();
    byId("outcome").hidden = false;
    byId("outcome-title").focus();
  } catch (error) {
    if (run.isLatest() && !isAbort(error)) fail(error instanceof Problem ? error : Problem.unreadable());
  } finally {
    if (run.isLatest()) byId("histology-send").removeAttribute("aria-disabled");
    runs.end(run);
  }
}

function fail(problem) {
  if (problem.field && names.includes(problem.field)) {
    complain(problem.field, problem.detail);
    byId(problem.field).focus();
    return;
  }
  byId("problem-title").textContent = problem.title;
  byId("problem-detail").textContent = problem.status === 401
    ? "The server asks for a token of this device. Give it one on the start page, then come back."
    : problem.detail;
  byId("problem").hidden = false;
  byId("problem-title").focus();
}

form.noValidate = true;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!runs.isRunning) add();
});
for (const name of names) byId(name).addEventListener("input", () => complain(name, null));
document.documentElement.classList.add("js");
