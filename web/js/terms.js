// What patients are asked at a server: whether they must be, in which words, and for how long their consent holds.

/** `body`: the answer of /v1/consent-texts; a server that says nothing of consents asks for none and keeps none. */
export function terms(body) {
  return {
    isRequired: body?.consent_required === true,
    offersDonation: body?.donation === true,
    version: String(body?.version ?? ""),
    controller: String(body?.controller ?? ""),
    days: body?.validity_days ?? {},
    texts: (Array.isArray(body?.texts) ? body.texts : []).filter((text) => typeof text?.language === "string"),
  };
}

/** Where consents are kept, they can be withdrawn. */
export function keepsConsents({ texts }) {
  return texts.length > 0;
}

/** Of the languages offered the one that the browser prefers, else the first. */
export function preferredText({ texts }) {
  const primary = (tag) => tag.toLowerCase().split("-")[0];
  for (const wanted of navigator.languages ?? [navigator.language]) {
    const found = texts.find(({ language }) => language.toLowerCase() === wanted.toLowerCase())
      ?? texts.find(({ language }) => primary(language) === primary(wanted));
    if (found) return found;
  }
  return texts[0];
}

/** "de" → "Deutsch": a language's name in itself, for those who do not read English. */
export function languageName(language) {
  try {
    const name = new Intl.DisplayNames([language], { type: "language" }).of(language);
    return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
  } catch {
    return language;
  }
}
