// What is loaded on the server, and whether it is ready. Up: "retry".

import { byId, element } from "./dom.js";
import { facts } from "./facts.js";
import { percent } from "./numbers.js";

function passes({ passes: all, views, defaults }) {
  if (!all) return null;
  return defaults && defaults.passes !== all
    ? `${defaults.passes} of ${all}: ${defaults.members} networks, ${defaults.views} views each`
    : `${all}, ${views} views each`;
}

export class EnsembleCard extends EventTarget {
  #part = byId("ensemble");
  #body = byId("ensemble-body");
  #state = byId("server-state");

  follow(connection) {
    connection.addEventListener("asking", () => this.waiting());
    connection.addEventListener("ready", ({ detail: card }) => this.show(card));
    connection.addEventListener("starting", ({ detail: problem }) => this.starting(problem));
    connection.addEventListener("missing", ({ detail: problem }) => this.missing(problem));
    connection.addEventListener("locked", () => this.locked());
  }

  waiting() {
    this.#mark("waiting", "Asking the server");
  }

  show(card) {
    this.#mark("ready", "Server ready");
    const point = card.operating_points?.find((each) => each.name === card.operating_point) ?? card.operating_points?.[0];
    const more = facts([
      ["Made from", card.provenance],
      ["Networks", card.members?.map((member) => `${member.architecture.replaceAll("_", "_\u200b")} at ${member.input_size}`).join(", ")],
      ["Passes", passes(card)],
      ["Early end", card.early_stop ? "Once the passes that are left change the verdict for at most 1 in 1,000 photos" : null],
      ["Time limit", card.budget?.left_out ? `${card.budget.left_out} passes are left out to answer within ${card.budget.seconds} s` : null],
      ["Operating point", point ? `${point.name}: score ${percent(card.probability_threshold ?? point.threshold)} or more is flagged` : "None: every answer is “cannot judge”"],
      ["Calibration", card.calibration ? "Calibrated" : "None: the figure is the model’s score, not the patient’s risk"],
      ["Licence", card.licence],
      ["Server", card.server_version],
    ]);
    this.#body.replaceChildren(
      facts([["Name", `${card.name} ${card.version}`], ["Intended use", card.intended_use]]),
      element("details", { open: matchMedia("(min-width: 56rem)").matches }, element("summary", {}, "More about it"), more));
  }

  /** The server starts: the page asks again by itself. */
  starting(problem) {
    this.#mark("starting", "Server starting");
    this.#body.replaceChildren(element("p", {}, problem.detail || "The server is starting. This page asks again by itself."));
  }

  missing(problem) {
    this.#mark("missing", "No answer");
    const retry = element("button", { class: "button", type: "button" }, "Ask again");
    retry.addEventListener("click", () => this.dispatchEvent(new Event("retry")));
    this.#body.replaceChildren(element("p", {}, `${problem.title}. ${problem.detail}`), retry);
  }

  /** The server does not know this device: another card says so in this one's place. */
  locked() {
    this.#mark("locked", "Token needed");
    this.#part.hidden = true;
  }

  #mark(state, words) {
    this.#part.hidden = false;
    this.#state.dataset.state = state;
    this.#state.textContent = words;
  }
}
