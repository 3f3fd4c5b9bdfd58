// The way to the other pages, where the server has a use for them.

import { byId } from "./dom.js";
import { keepsConsents } from "./terms.js";

/** Where a patient withdraws a consent that the server at `base` keeps. */
export function withdrawalAddress(base) {
  return `${base || location.origin}/withdraw/`;
}

export class Footer {
  /** What patients are asked at the server at `base`. */
  show(terms, base) {
    byId("foot").hidden = !keepsConsents(terms);
    byId("foot-histology").hidden = !terms.offersDonation;
    byId("foot-withdraw").href = withdrawalAddress(base);
  }
}
