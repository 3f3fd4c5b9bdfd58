// What a withdrawal did, in plain words for the patient. The server's page for browsers without script says the same.

import { element } from "./dom.js";
import { facts } from "./facts.js";
import { wordsFor } from "./purposes.js";

/** `title` and `parts` of what the server answered. Without a proof there was nothing that could end. */
export function withdrawalWords({ time, photos_deleted: deleted, still_granted: rest, proof }) {
  const stands = new Set(rest);
  const didNothing = deleted === 0 && !proof;
  const isAll = stands.size === 0;
  return {
    title: didNothing ? "There was nothing to withdraw under this code"
      : isAll ? "Your consent is withdrawn" : "This part of your consent is withdrawn",
    parts: [
      element("p", {}, photoWords(deleted, stands.has("donation"))),
      isAll && !didNothing ? element("p", {}, "What remains is that there was a consent and that it ended, without anything about you.") : null,
      // What is said of donated photos stands above.
      ...[...stands].filter((purpose) => purpose !== "donation").map((purpose) => element("p", {}, `Your consent to ${wordsFor(purpose).stands} still stands.`)),
      ...(proof ? proofParts(time, proof) : []),
    ].filter((part) => part !== null),
  };
}

function photoWords(count, keepsPhotos) {
  if (keepsPhotos) return "Photos that were donated for research are kept: your consent to that still stands.";
  if (count === 0) return "No photo is kept under it.";
  return count === 1 ? "The photo that was kept and all that was said about it are deleted." : `The ${count} photos that were kept and all that was said about them are deleted.`;
}

function proofParts(time, { sequence, hash }) {
  return [
    element("h3", {}, "If you want a proof"),
    element("p", {}, "Write this down or take a picture of it. The server’s log has an entry that cannot be changed unseen."),
    facts([["Time", new Date(time).toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short" })], ["Entry", String(sequence ?? "")], ["Check sum", hash, "code"]]),
  ];
}
