// What the server is doing: sending, then the passes with the estimate settling. Up: "cancel".

import { byId } from "./dom.js";
import { gauge } from "./gauge.js";
import { mebibytes, percent } from "./numbers.js";

const silence = 12000; // milliseconds without a word from the server before we say that we still wait

export class Progress extends EventTarget {
  #part = byId("progress");
  #text = byId("progress-text");
  #estimate = byId("progress-estimate");
  #bar = byId("progress-bar");
  #gauge = byId("progress-gauge");
  #announcement = byId("announcement");
  #analyse = byId("analyse");
  #cancel = byId("cancel");
  #threshold = null;
  #timer = 0;
  #drawn = null;

  constructor() {
    super();
    this.#cancel.addEventListener("click", () => this.dispatchEvent(new Event("cancel")));
  }

  begin(bytes, threshold) {
    this.#threshold = threshold;
    this.#drawn = null;
    this.#gauge.replaceChildren();
    this.#part.hidden = false;
    this.#cancel.hidden = false;
    this.#analyse.setAttribute("aria-disabled", "true");
    this.#analyse.textContent = "Analysing";
    this.#bar.removeAttribute("value");
    this.#estimate.textContent = "";
    this.#say(`Sending the photo, ${mebibytes(bytes)}`);
    this.announce("Sending the photo.");
    this.#watch();
  }

  pass({ done, of, probability }) {
    if (!this.#drawn) this.announce("The server is analysing the photo.");
    this.#say(`Pass ${done} of ${of}`);
    this.#bar.max = of;
    this.#bar.value = done;
    if (Number.isFinite(probability)) {
      this.#estimate.textContent = `${percent(probability)} so far`;
      this.#drawn ??= this.#gauge.appendChild(gauge({ value: probability, threshold: this.#threshold, isSmall: true }));
      this.#drawn.moveTo(probability);
    }
    this.#watch();
  }

  end() {
    clearTimeout(this.#timer);
    this.#part.hidden = true;
    this.#cancel.hidden = true;
    this.#analyse.removeAttribute("aria-disabled");
    this.#analyse.textContent = "Analyse";
  }

  /** For a screen reader only; the eye sees the same elsewhere. */
  announce(words) {
    this.#announcement.textContent = words;
  }

  #say(words) {
    this.#text.textContent = words;
  }

  #watch() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#say("Still waiting for the server");
      this.announce("Still waiting for the server.");
    }, silence);
  }
}
