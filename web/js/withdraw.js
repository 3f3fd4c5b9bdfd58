// The patient's page: looks up what is kept under a code, and withdraws. Without this script the form works by itself.

import { byId, element, say } from "./dom.js";
import { facts } from "./facts.js";
import { onFragment } from "./fragment.js";
import { Latest } from "./latest.js";
import { day } from "./numbers.js";
import { Problem, isAbort } from "./problem.js";
import { grants, wordsFor } from "./purposes.js";
import { Server, formOf } from "./server.js";
import { keepsConsents } from "./terms.js";
import { withdrawalWords } from "./withdrawal.js";

const server = new Server();
const runs = new Latest();
const form = byId("withdrawal-form");
const code = byId("code");
/** The code of a withdrawal that was sent and may be done, though no answer said so. */
let doubtful = "";

/** Sends the form and shows what `shown` makes of the answer, `failed` of a failure; a newer press silences an older one. */
async function send(path, fields, { shown, failed }) {
  clear();
  if (code.value.replace(/[\s-]/g, "").length !== 20) {
    complain("The code has 20 letters and digits, in four groups of five. It was printed on the slip that you were given.");
    return;
  }
  const run = runs.begin();
  try {
    const answer = await server.post(path, formOf([["code", code.value.trim()], ...fields]), { signal: run.signal });
    if (!run.isLatest()) return;
    shown(answer);
  } catch (error) {
    if (!run.isLatest() || isAbort(error)) return;
    const problem = error instanceof Problem ? error : Problem.unreadable();
    if (problem.code === "record-unknown") complain("There is no consent with this code. Compare it with the slip, letter by letter.");
    else if (problem.field === "code") complain(problem.detail);
    else failed(problem);
  } finally {
    runs.end(run);
  }
}

function clear() {
  complain(null);
  byId("problem").hidden = true;
  byId("kept").hidden = true;
  byId("outcome").hidden = true;
}

function complain(words) {
  say(byId("code-error"), words);
  if (!words) {
    code.removeAttribute("aria-invalid");
    return;
  }
  code.setAttribute("aria-invalid", "true");
  code.focus();
}

/** Only a refusal (4xx) is known to have changed nothing, and it says nothing of an earlier try that `wasDoubtful`. */
function failWithdrawal({ title, detail, status }, wasDoubtful) {
  if (status >= 400 && status < 500 && !wasDoubtful) {
    doubtful = "";
    fail(title, `${detail} Nothing was changed.`);
    return;
  }
  const cause = status >= 500 ? "The server reports an error" : title;
  fail("It is not certain whether your consent was withdrawn",
    `${cause}. Send it again: that does no harm, and the answer says what was done. If it fails again, ask the practice that gave you the code.`, true);
}

function fail(title, detail, isDoubtful = false) {
  byId("problem-title").textContent = title;
  byId("problem-detail").textContent = detail;
  byId("problem-retry").hidden = !isDoubtful;
  byId("problem").hidden = false;
  byId("problem-title").focus();
}

function photos(count) {
  return count === 0 ? "None" : String(count);
}

function showKept(consent) {
  const { recorded, withdrawn, photos: count } = consent;
  const until = (grant) => (grant ? `Agreed, until ${day(grant.until)}` : "Not agreed");
  byId("kept-body").replaceChildren(withdrawn
    ? element("p", {}, `This consent was withdrawn on ${day(withdrawn)}. Nothing is kept under it.`)
    : facts([
      ["Consent of", day(recorded)],
      ...grants(consent).map(([purpose, grant]) => [wordsFor(purpose).kept, until(grant)]),
      ["Photos kept now", photos(count)],
    ]));
  byId("kept").hidden = false;
  byId("kept-title").focus();
}

function showWithdrawn(answer) {
  doubtful = "";
  const { title, parts } = withdrawalWords(answer);
  byId("outcome-title").textContent = title;
  byId("outcome-body").replaceChildren(...parts);
  form.hidden = true;
  form.reset();
  byId("outcome").hidden = false;
  byId("outcome-title").focus();
}

form.noValidate = true;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const wasDoubtful = doubtful === code.value.trim();
  doubtful = code.value.trim();
  send("/v1/withdrawals", [["scope", new FormData(form).get("scope")]], {
    shown: showWithdrawn,
    failed: (problem) => failWithdrawal(problem, wasDoubtful),
  });
});
byId("problem-retry").addEventListener("click", () => form.requestSubmit());
byId("look-up").addEventListener("click", () => send("/v1/consents/lookup", [], {
  shown: showKept,
  failed: ({ title, detail }) => fail(title, detail),
}));
byId("again").addEventListener("click", () => {
  clear();
  form.hidden = false;
  code.focus();
});
code.addEventListener("input", () => {
  say(byId("code-error"), null);
  code.removeAttribute("aria-invalid");
  byId("kept").hidden = true; // it was another code's
});
onFragment("code", (text) => {
  clear();
  form.hidden = false;
  code.value = text;
});
document.documentElement.classList.add("js");
server.terms().then((terms) => {
  byId("controller").textContent = terms.controller;
  byId("contact").hidden = terms.controller === "";
  byId("none").hidden = keepsConsents(terms);
}, () => {}); // the words about the practice stand without it
