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
  #timer = 0;
  #drawn = null;
  #estimates = [];
  #firstPass = 0;

  constructor() {
    super();
    this.#cancel.addEventListener("click", () => this.dispatchEvent(new Event("cancel")));
  }

  begin(bytes) {
    this.#drawn = null;
    this.#estimates = [];
    this.#gauge.replaceChildren();
    this.#part.hidden = false;
    this.#cancel.hidden = false;
    this.#analyse.setAttribute("aria-disabled", "true");
    this.#analyse.textContent = "Analysing";
    this.#bar.removeAttribute("value");
    this.#estimate.textContent = "";
    this.sending(bytes);
  }

  /** Before anything of the photo is sent. */
  recording() {
    this.#say("Recording the patient’s consent");
    this.announce("Recording the patient’s consent.");
  }

  sending(bytes) {
    this.#say(`Sending the photo, ${mebibytes(bytes)}`);
    this.announce("Sending the photo.");
    this.#watch();
  }

  waiting({ ahead }) {
    this.#say(ahead === 1 ? "One other photo is analysed first" : `${ahead} other photos are analysed first`);
    this.#watch();
  }

  /** `threshold`: where the verdict changes, on the scale of `probability`; null where there is no operating point. */
  pass({ done, of, probability, threshold = null }) {
    if (!this.#drawn) this.announce("The server is analysing the photo.");
    this.#say(`Pass ${done} of ${of}${this.#timeLeft(done, of)}`);
    this.#bar.max = of;
    this.#bar.value = done;
    if (Number.isFinite(probability)) {
      this.#estimate.textContent = `${percent(probability)} so far`;
      this.#estimates.push(probability);
      // The later half of the estimates so far: the band narrows as they settle.
      const recent = this.#estimates.slice(Math.floor((this.#estimates.length - 1) / 2));
      const spread = { lowest: Math.min(...recent), highest: Math.max(...recent) };
      this.#drawn ??= this.#gauge.appendChild(gauge({ value: probability, spread, threshold, isSmall: true }));
      this.#drawn.moveTo(probability, spread);
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

  /** In words, once a few passes have shown how long one takes; nothing where the end is near. A clear case ends before. */
  #timeLeft(done, of) {
    const now = performance.now();
    if (this.#estimates.length === 0) this.#firstPass = now;
    const passed = this.#estimates.length;
    if (passed < 3) return "";
    const seconds = Math.round(((now - this.#firstPass) / passed) * (of - done) / 1000);
    return seconds < 2 ? "" : `, at most about ${seconds} s left`;
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
