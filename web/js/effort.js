// How thorough the analysis is: the views that each network is given. The server's own setting if nothing is chosen.

import { byId, say } from "./dom.js";

/** Whether the server would make so many views of the first members: it leaves out what takes longer than its limit. */
function fits(views, members, budget) {
  if (!budget) return true;
  const round = budget.ms_per_pass.slice(0, members).reduce((sum, time) => sum + time, 0);
  return views * round <= 1000 * budget.seconds;
}

export class Effort {
  #select = byId("views");
  #summary = byId("effort-summary");
  #part = byId("effort");
  #card = null;

  constructor() {
    this.#select.addEventListener("change", () => {
      this.complain("views", null);
      this.#summarise();
    });
  }

  /** What is loaded: says how many passes each choice makes. */
  show(card) {
    this.#card = card;
    const { views, members } = card.defaults ?? { views: card.views, members: card.members.length };
    this.#part.hidden = card.views < 2;
    for (const option of this.#select.options) {
      const count = Number(option.value) || views;
      option.hidden = option.disabled = count > card.views || (option.value !== "" && !fits(count, members, card.budget));
      const mayEndEarly = card.early_stop && (option.value === "" || count === card.views);
      const passes = `${mayEndEarly ? "up to " : ""}${count * members} ${count * members === 1 ? "pass" : "passes"}`;
      option.textContent = option.value === "" ? `As the server is set: ${count}, ${passes}` : `${count}: ${passes}`;
    }
    if (this.#select.selectedOptions[0]?.disabled) this.#select.value = "";
    this.#summarise();
  }

  /** The field as a name and a value; nothing where nothing was chosen. */
  read() {
    return this.#select.value === "" ? [] : [["views", this.#select.value]];
  }

  clear() {
    this.complain("views", null);
    this.#summarise();
  }

  /** Says `words` beside the field; false where there is no such field. */
  complain(name, words) {
    if (name !== "views") return false;
    say(byId("views-error"), words);
    if (words) this.#part.open = true;
    return true;
  }

  #summarise() {
    const chosen = this.#select.selectedOptions[0];
    this.#summary.textContent = this.#select.value === "" || !this.#card ? "A quicker answer" : `Views of the photo: ${chosen.textContent}`;
  }
}
