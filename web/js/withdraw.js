// The patient's page: looks up what is kept under a code, and withdraws. Without this script the form works by itself.

import { byId, element, say } from "./dom.js";
import { facts } from "./facts.js";
import { onFragment } from "./fragment.js";
import { Latest } from "./latest.js";
import { day } from "./numbers.js";
import { Problem, isAbort } from "./problem.js";
import { Server, formOf } from "./server.js";
import { keepsConsents } from "./terms.js";

const server = new Server();
const runs = new Latest();
const form = byId("withdrawal-form");
const code = byId("code");

/** Sends the form and shows what `shown` makes of the answer; a newer press silences an older one. */
async function send(path, fields, shown) {
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
    else fail(problem);
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

function fail(problem) {
  byId("problem-title").textContent = problem.title;
  byId("problem-detail").textContent = `${problem.detail} Nothing was changed.`;
  byId("problem").hidden = false;
  byId("problem-title").focus();
}

function photos(count) {
  return count === 0 ? "None" : String(count);
}

function showKept({ recorded, processing, donation, withdrawn, photos: count }) {
  const until = (grant) => (grant ? `Agreed, until ${day(grant.until)}` : "Not agreed");
  byId("kept-body").replaceChildren(withdrawn
    ? element("p", {}, `This consent was withdrawn on ${day(withdrawn)}. Nothing is kept under it.`)
    : facts([
      ["Consent of", day(recorded)],
      ["Analysis on this server", until(processing)],
      ["Keeping photos for research", until(donation)],
      ["Photos kept now", photos(count)],
    ]));
  byId("kept").hidden = false;
  byId("kept-title").focus();
}

function showWithdrawn({ time, photos_deleted: deleted, still_granted: rest, proof }) {
  const stands = new Set(rest);
  byId("outcome-title").textContent = stands.size === 0 ? "Your consent is withdrawn" : "This part of your consent is withdrawn";
  byId("outcome-body").replaceChildren(...[
    element("p", {}, deletedWords(deleted, stands.has("donation"))),
    stands.size === 0 ? element("p", {}, "What remains is that there was a consent and that it ended, without anything about you.") : null,
    stands.has("processing") ? element("p", {}, "Your consent to the analysis of photos on this server still stands.") : null,
    element("h3", {}, "If you want a proof"),
    element("p", {}, "Write this down or take a picture of it. The server’s log has an entry that cannot be changed unseen."),
    facts([["Time", new Date(time).toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short" })], ["Entry", String(proof?.sequence ?? "")], ["Check sum", proof?.hash, "code"]]),
  ].filter((part) => part !== null));
  form.hidden = true;
  form.reset();
  byId("outcome").hidden = false;
  byId("outcome-title").focus();
}

function deletedWords(count, keepsPhotos) {
  if (keepsPhotos) return "Photos that were donated for research are kept: your consent to that still stands.";
  if (count === 0) return "No photo is kept under it.";
  return count === 1 ? "The photo that was kept and all that was said about it are deleted." : `The ${count} photos that were kept and all that was said about them are deleted.`;
}

form.noValidate = true;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  send("/v1/withdrawals", [["scope", new FormData(form).get("scope")]], showWithdrawn);
});
byId("look-up").addEventListener("click", () => send("/v1/consents/lookup", [], showKept));
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
