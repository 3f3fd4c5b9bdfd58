// Says that this device needs a token and takes one, or that it is known now. Up: "token" (detail: the token) and "forget".

import { byId, say } from "./dom.js";
import { checkedToken } from "./token.js";

export class AccessCard extends EventTarget {
  #part = byId("access");
  #title = byId("access-title");
  #words = byId("access-words");
  #form = byId("access-form");
  #input = byId("access-token");
  #error = byId("access-error");
  #forget = byId("access-forget");
  #close = byId("access-close");

  constructor() {
    super();
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#take();
    });
    this.#input.addEventListener("input", () => this.complain(null));
    this.#forget.addEventListener("click", () => this.dispatchEvent(new Event("forget")));
    this.#close.addEventListener("click", () => this.hide());
  }

  /** `hadToken`: one was sent and the server does not know it. `isNew`: that one was only just given. */
  ask({ hadToken, isNew }) {
    this.#show(
      !hadToken ? "This device needs a token" : isNew ? "The server does not know this token" : "This device is not known any more",
      !hadToken
        ? "The server answers only devices that its administrator has admitted. This is asked once: the token is then kept in this browser."
        : isNew
          ? "It may be mistyped, or have been replaced by a newer one. Ask the administrator."
          : "Its token has ended or was revoked. Ask the administrator for a new one.",
      true);
    this.#forget.hidden = !hadToken || isNew;
    if (isNew) this.focus();
  }

  get isAsking() {
    return !this.#part.hidden && !this.#form.hidden;
  }

  /** The server answers: what the card still says of a token stays, what it asked for does not. */
  stopAsking() {
    if (this.isAsking) this.hide();
  }

  /** `words` about a token that was taken over or turned down, with nothing to type. */
  tell(title, words) {
    this.#show(title, words, false);
  }

  /** Says `words` at the token's field, if any. */
  complain(words) {
    say(this.#error, words);
    if (words) this.#input.setAttribute("aria-invalid", "true");
    else this.#input.removeAttribute("aria-invalid");
  }

  hide() {
    this.#part.hidden = true;
  }

  /** To the card, for one who was on the way to something else. */
  focus() {
    this.#title.focus({ preventScroll: true });
    this.#part.scrollIntoView({ block: "start" });
  }

  #show(title, words, asks) {
    this.#title.textContent = title;
    this.#words.textContent = words;
    this.#form.hidden = !asks;
    this.#close.hidden = asks;
    this.#input.value = "";
    this.complain(null);
    this.#part.hidden = false;
  }

  #take() {
    const { token, error } = checkedToken(this.#input.value);
    this.complain(error);
    if (error) {
      this.#input.focus();
      return;
    }
    this.#input.value = ""; // it is not shown again
    this.dispatchEvent(new CustomEvent("token", { detail: token }));
  }
}
