// The settings panel. Up: "server" (detail: its address, and a new token or null) after both were checked and the address kept.

import { checkedAddress, keepAddress, keptAddress } from "./address.js";
import { byId, say } from "./dom.js";
import { checkedToken, forgetToken, keptToken } from "./token.js";

export class Settings extends EventTarget {
  #dialog = byId("settings");
  #address = byId("server-address");
  #token = byId("device-token");
  #tokenState = byId("device-token-state");
  #forget = byId("settings-forget");
  #outcome = byId("settings-outcome");

  constructor() {
    super();
    byId("settings-open").addEventListener("click", () => this.#open());
    byId("settings-close").addEventListener("click", () => this.#dialog.close());
    byId("settings-reset").addEventListener("click", () => {
      this.#address.value = "";
      this.#save();
    });
    byId("settings-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    });
    this.#forget.addEventListener("click", () => this.#forgetToken());
    this.#address.addEventListener("input", () => {
      this.#complain(this.#address, null);
      this.#showToken();
    });
    this.#token.addEventListener("input", () => this.#complain(this.#token, null));
    this.#dialog.addEventListener("close", () => { this.#token.value = ""; });
  }

  get address() {
    return keptAddress();
  }

  /** Says what comes of asking the server, while the panel is open. */
  follow(connection) {
    const words = ({ detail: { title, detail } }) => this.#tell(`${title}. ${detail}`);
    connection.addEventListener("ready", ({ detail: card }) => this.#tell(`The server answers: ensemble ${card.name} ${card.version}.`));
    connection.addEventListener("starting", words);
    connection.addEventListener("missing", words);
    connection.addEventListener("locked", ({ detail: { hadToken } }) =>
      this.#tell(hadToken ? "The server does not know this token." : "The server asks for a token."));
    connection.addEventListener("refused", () => this.#tell("The server does not know the new token. The one before is kept."));
  }

  #open() {
    this.#address.value = keptAddress();
    this.#token.value = "";
    this.#complain(this.#address, null);
    this.#complain(this.#token, null);
    this.#tell("");
    this.#dialog.showModal();
    this.#address.focus();
  }

  #save() {
    const { address, error } = checkedAddress(this.#address.value);
    const typed = this.#token.value.trim();
    const { token = null, error: tokenError } = typed === "" ? {} : checkedToken(typed);
    this.#complain(this.#address, error);
    this.#complain(this.#token, tokenError);
    if (error || tokenError) {
      this.#tell("");
      (error ? this.#address : this.#token).focus();
      return;
    }
    this.#address.value = address;
    this.#token.value = ""; // it is not shown again
    const isKept = keepAddress(address);
    this.#tell(isKept ? "Saved. Asking the server." : "Used until you leave this page: the browser keeps nothing. Asking the server.");
    this.dispatchEvent(new CustomEvent("server", { detail: { address, token } }));
    this.#showToken();
  }

  #forgetToken() {
    const address = keptAddress();
    this.#address.value = address;
    forgetToken(address);
    this.#token.focus(); // the button that had the focus goes
    this.#tell("The token is forgotten. Asking the server.");
    this.dispatchEvent(new CustomEvent("server", { detail: { address, token: null } }));
  }

  #tell(words) {
    this.#outcome.textContent = this.#dialog.open ? words : "";
    this.#showToken();
  }

  /** Whether a token is kept for the address in the field; never the token. */
  #showToken() {
    const { address } = checkedAddress(this.#address.value);
    const isKept = address !== undefined && keptToken(address) !== null;
    this.#tokenState.textContent = isKept ? "A token is kept for this server. A new one replaces it." : "No token is kept for this server.";
    this.#forget.hidden = !isKept || address !== keptAddress();
  }

  #complain(input, words) {
    say(byId(`${input.id}-error`), words);
    if (words) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }
}
