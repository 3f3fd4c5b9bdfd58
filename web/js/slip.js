// The slip for the patient: the code that withdraws the consent, where to go with it, and a button that prints it and nothing else.

import { byId, element } from "./dom.js";
import { facts } from "./facts.js";
import { withdrawalAddress } from "./footer.js";
import { day } from "./numbers.js";
import { grants, wordsFor } from "./purposes.js";

export class Slip {
  #part = byId("slip");
  #body = byId("slip-body");
  #where = "";
  #controller = "";

  constructor() {
    byId("slip-print").addEventListener("click", () => this.#print());
    addEventListener("afterprint", () => { delete document.documentElement.dataset.print; });
  }

  /** Who asks: the server at `base`, in the name of whom its `terms` say. */
  from(terms, base) {
    this.#where = withdrawalAddress(base);
    this.#controller = terms.controller;
  }

  /** Shows the code of a consent, or nothing where there is none. */
  show({ recorded, code, cases }) {
    this.#part.hidden = code === null;
    if (code === null) {
      this.#body.replaceChildren();
      return;
    }
    const until = (grant) => (grant ? `given, until ${day(grant.until)}` : null);
    this.#body.replaceChildren(
      element("p", { class: "slip__code", translate: "no" },
        code.split("-").flatMap((group, index) => (index === 0 ? [group] : ["-", element("wbr"), group]))),
      element("p", {}, "Keep this. With the code you can withdraw your consent at any time, without giving reasons; whatever was kept is then deleted."),
      facts([
        ["Where", this.#where],
        ["Or ask", this.#controller],
        ["Consent of", day(recorded.recorded)],
        ...grants(recorded).map(([purpose, grant]) => [wordsFor(purpose).slip, until(grant)]),
        ["Photos kept, by number", cases.join(", ")],
      ]));
  }

  #print() {
    document.documentElement.dataset.print = "slip";
    print();
  }
}
