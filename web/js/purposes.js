// What a patient can consent to, in these pages' words; a purpose that has none here goes by its name. The words that are agreed to are the server's (terms.js).

const known = {
  processing: {
    title: "The analysis, outside this practice",
    slip: "To the analysis",
    kept: "Analysis on this server",
    stands: "the analysis of photos on this server",
    missing: "Without the patient’s agreement the photo is not sent.",
  },
  donation: {
    title: "Keeping the photo for research",
    slip: "To keeping the photo",
    kept: "Keeping photos for research",
    missing: "Without the patient’s agreement nothing is kept.",
  },
};

export function wordsFor(purpose) {
  return known[purpose] ?? { title: purpose, slip: `To ${purpose}`, kept: purpose, stands: purpose, missing: "Without the patient’s agreement it can’t be done." };
}

/** Those that a server asks for, by its `terms`; what an analysis needs comes first. */
export function asked({ days, offersDonation }) {
  return withFurther(Object.keys(days)).filter((purpose) => purpose !== "donation" || offersDonation);
}

/** Each purpose of a consent, as the server answers it, with what was granted; undefined for one that was not. */
export function grants(consent) {
  const isGrant = ([, value]) => typeof value?.until === "string";
  return withFurther(Object.entries(consent).filter(isGrant).map(([purpose]) => purpose)).map((purpose) => [purpose, consent[purpose]]);
}

/** The purposes known here and, behind them, others of `purposes`. */
function withFurther(purposes) {
  return [...new Set([...Object.keys(known), ...purposes])];
}
