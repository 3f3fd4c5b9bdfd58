// A problem in words, with a way on where there is one. Up: "retry".

import { byId } from "./dom.js";

export class ProblemPart extends EventTarget {
  #part = byId("problem");
  #retry = byId("problem-retry");

  constructor() {
    super();
    this.#retry.addEventListener("click", () => this.dispatchEvent(new Event("retry")));
  }

  show(problem) {
    const wait = problem.retryAfter ? ` The server asks to wait ${problem.retryAfter} s.` : "";
    byId("problem-title").textContent = problem.title;
    byId("problem-detail").textContent = problem.detail + wait;
    this.#retry.hidden = !problem.retryable;
    this.#part.hidden = false;
    byId("problem-title").focus({ preventScroll: true });
    this.#part.scrollIntoView({ block: "nearest" });
  }

  clear() {
    this.#part.hidden = true;
  }
}
