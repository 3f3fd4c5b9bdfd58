// The chosen photo with the square that will be analysed: the largest one, in the middle, as the server cuts it.

import { byId, say } from "./dom.js";
import { size } from "./numbers.js";

export class Preview {
  #frame = byId("preview-frame");
  #image = byId("preview-image");
  #square = byId("preview-square");
  #empty = byId("preview-empty");
  #note = byId("preview-note");

  constructor() {
    this.#image.addEventListener("load", () => this.#mark());
    this.#image.addEventListener("error", () => {
      if (!this.#image.src) return;
      this.#frame.hidden = true;
      say(this.#note, "The browser can not show this photo; it may be damaged. The server will say whether it can read it.");
    });
  }

  /** The photo's address inside this page, for others that show it. */
  get source() {
    return this.#image.src;
  }

  /** Shows `file`; resolves when its place on the page is known. */
  show(file) {
    this.clear();
    this.#empty.hidden = true;
    this.#image.src = URL.createObjectURL(file);
    this.#frame.hidden = false;
    return new Promise((resolve) => {
      for (const end of ["load", "error"]) this.#image.addEventListener(end, resolve, { once: true });
    });
  }

  clear() {
    if (this.#image.src) URL.revokeObjectURL(this.#image.src);
    this.#image.removeAttribute("src");
    this.#frame.hidden = true;
    this.#empty.hidden = false;
    say(this.#note, null);
  }

  #mark() {
    // The browser has applied the EXIF rotation to these, as the server does.
    const { naturalWidth: width, naturalHeight: height } = this.#image;
    const side = Math.min(width, height);
    const { style } = this.#square;
    style.width = `${(side / width) * 100}%`;
    style.height = `${(side / height) * 100}%`;
    style.left = `${((width - side) / 2 / width) * 100}%`;
    style.top = `${((height - side) / 2 / height) * 100}%`;
    say(
      this.#note,
      width === height
        ? `The whole photo is analysed: ${size(side, side)} pixels.`
        : `Only the marked square is analysed: ${size(side, side)} of ${size(width, height)} pixels.`,
    );
  }
}
