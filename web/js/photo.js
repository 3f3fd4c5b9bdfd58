// The photo: from the camera, a file, a drop or the clipboard. Up: "chosen" (detail: the file) and "refused".

import { byId, say } from "./dom.js";
import { refusal } from "./photo-format.js";

export class PhotoPicker extends EventTarget {
  /** The photo to send, or null. */
  photo = null;
  largest = 20 * 1024 * 1024;
  /** Resolves when the last file has been looked at. */
  settled = Promise.resolve();
  #turn = 0;
  #part = byId("photo-part");
  #error = byId("photo-error");
  #inputs = [byId("camera-input"), byId("file-input")];

  constructor() {
    super();
    for (const input of this.#inputs) {
      input.addEventListener("change", () => this.#takeFrom(input));
    }
    this.#listenForDrops();
    document.addEventListener("paste", (event) => this.#takeFirst(event.clipboardData?.files));
  }

  /** A file the plain form already held when the script came (a reload, or a slow network). */
  takeEarly() {
    for (const input of this.#inputs) this.#takeFrom(input);
  }

  clear() {
    this.#turn += 1;
    this.photo = null;
    this.complain(null);
  }

  complain(words) {
    say(this.#error, words);
    for (const input of this.#inputs) {
      if (words) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
  }

  /** What the buttons offer: a "photo", or "another". */
  offer(what) {
    byId("camera-label").textContent = `Take ${what}`;
    byId("file-label").textContent = `Choose ${what}`;
    byId("pick").classList.toggle("pick--again", what === "another");
  }

  focus() {
    const visible = this.#inputs.find((input) => input.getClientRects().length > 0) ?? this.#inputs[1];
    visible.focus();
  }

  #takeFrom(input) {
    if (this.#takeFirst(input.files)) input.value = ""; // so that the same photo can be chosen again
  }

  #takeFirst(files) {
    if (!files || files.length === 0) return false;
    this.settled = this.#take(files[0]);
    return true;
  }

  async #take(file) {
    this.#turn += 1;
    const turn = this.#turn;
    this.photo = null;
    const reason = await refusal(file, this.largest);
    if (turn !== this.#turn) return; // a later file was chosen meanwhile
    this.complain(reason);
    if (reason === null) this.photo = file;
    this.dispatchEvent(new CustomEvent(reason === null ? "chosen" : "refused", { detail: file }));
  }

  #listenForDrops() {
    const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
    addEventListener("dragover", (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      this.#part.classList.add("card--drop");
    });
    addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) this.#part.classList.remove("card--drop");
    });
    addEventListener("drop", (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      this.#part.classList.remove("card--drop");
      this.#takeFirst(event.dataTransfer.files);
    });
  }
}
