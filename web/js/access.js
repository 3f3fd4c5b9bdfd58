// Whether the server knows this device: takes tokens from the card and from the address, and says what came of them.

import { keepAddress, keptAddress } from "./address.js";
import { AccessCard } from "./access-card.js";
import { onFragment } from "./fragment.js";
import { checkedToken, forgetToken } from "./token.js";

export class Access {
  #card = new AccessCard();
  #connection;
  #linkError = null;

  constructor(connection) {
    this.#connection = connection;
    this.#card.addEventListener("token", ({ detail: token }) => connection.connect(connection.server.base, token));
    this.#card.addEventListener("forget", () => {
      forgetToken(connection.server.base);
      connection.connect(connection.server.base);
    });
    connection.addEventListener("ready", () => this.#card.stopAsking());
    connection.addEventListener("locked", ({ detail }) => {
      this.#card.ask(detail);
      this.#card.complain(this.#linkError);
      this.#linkError = null;
    });
    connection.addEventListener("known", ({ detail: { isKept } }) => this.#card.tell("This device is now known to the server", isKept
      ? "Its token is kept in this browser. The settings can replace or forget it."
      : "This browser keeps nothing: the token holds until you leave this page."));
    connection.addEventListener("refused", () => this.#card.tell("The server does not know the new token",
      "It may have been replaced by a newer one. This device keeps the token it had."));
  }

  /** Begins with the token in the address, which is for this page's server, else with the server at `address`. */
  begin(address) {
    let hasBegun = false;
    onFragment("token", (text) => {
      const { token, error } = checkedToken(text);
      if (error) {
        this.#broken();
        return;
      }
      hasBegun = true;
      if (keptAddress() !== "") keepAddress("");
      this.#connection.connect("", token);
    });
    if (!hasBegun) this.#connection.connect(address);
  }

  /** The link held something else; the server's answer to the token that is kept, if any, follows or was there before. */
  #broken() {
    this.#linkError = "The link held no whole token. Scan the code again, or paste the token.";
    if (this.#card.isAsking) this.#card.complain(this.#linkError);
    else this.#card.tell("The link held no whole token", "This device stays as it was. Scan the code again if it needs another token.");
  }

  focus() {
    this.#card.focus();
  }
}
