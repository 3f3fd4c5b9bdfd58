// The settings panel. Up: "address" (detail: the new address) after it was checked and kept.

import { checkedAddress, keepAddress, keptAddress } from "./address.js";
import { byId, say } from "./dom.js";

export class Settings extends EventTarget {
  #dialog = byId("settings");
  #input = byId("server-address");
  #error = byId("server-address-error");
  #outcome = byId("settings-outcome");

  constructor() {
    super();
    byId("settings-open").addEventListener("click", () => this.#open());
    byId("settings-close").addEventListener("click", () => this.#dialog.close());
    byId("settings-reset").addEventListener("click", () => {
      this.#input.value = "";
      this.#save();
    });
    byId("settings-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    });
    this.#input.addEventListener("input", () => this.#complain(null));
  }

  get address() {
    return keptAddress();
  }

  /** What came of asking the new server; shown while the panel is open. */
  tell(words) {
    this.#outcome.textContent = words;
  }

  #open() {
    this.#input.value = keptAddress();
    this.#complain(null);
    this.tell("");
    this.#dialog.showModal();
    this.#input.focus();
  }

  #save() {
    const { address, error } = checkedAddress(this.#input.value);
    this.#complain(error);
    if (error) {
      this.tell("");
      this.#input.focus();
      return;
    }
    this.#input.value = address;
    const isKept = keepAddress(address);
    this.tell(isKept ? "Saved. Asking the server." : "Used until you leave this page: the browser keeps nothing. Asking the server.");
    this.dispatchEvent(new CustomEvent("address", { detail: address }));
  }

  #complain(words) {
    say(this.#error, words);
    if (words) this.#input.setAttribute("aria-invalid", "true");
    else this.#input.removeAttribute("aria-invalid");
  }
}
