// The sentences of a result, by their codes. The server has the same catalogue, for its own pages, for record systems and for programs.
// A figure stands in braces, with how it is written: {side}, {score:3} decimals, {lowest:percent}, {threshold:percent~score} with as many
// decimals as it takes to tell it from `score`, {deviation:points} of a hundred.

import { percent, percentBeside } from "./numbers.js";

const sentences = await catalogue();

/** Asked for twice: without it the page could show no result. */
async function catalogue(tries = 2) {
  const answer = await fetch(new URL("../words/en.json", import.meta.url)).catch(() => null);
  if (answer?.ok) return answer.json();
  if (tries > 1) return catalogue(tries - 1);
  throw new Error("The page's words did not arrive.");
}

/** The sentence of a code, or null where the catalogue has none. */
function sentence(code, values) {
  const plural = () => `${code}.${new Intl.PluralRules(sentences.language).select(values.count)}`;
  return sentences[code] ?? (Number.isFinite(values.count) ? sentences[plural()] : undefined) ?? null;
}

/** `values`: by their names in the sentence. A code that is not in the catalogue is answered by itself. */
export function words(code, values = {}) {
  return sentence(code, values)?.replace(/\{(\w+)(?::(\w+)(?:~(\w+))?)?\}/g, (_, name, form, other) => figure(values[name], form, values[other])) ?? code;
}

/** What the server says as {code, values, text}: in this page's words, or in the server's where the page does not know the code, or an older server sends no figures. */
export function message({ code, values, text }) {
  return values === undefined || sentence(code, values) === null ? text : words(code, values);
}

/** A class's full name; the ensemble's own where the catalogue has none. */
export function className(name) {
  return sentences[`class.${name}`] ?? name;
}

function figure(value, form, other) {
  if (value === undefined || value === null) return "";
  if (form === "percent") return other === undefined ? percent(value) : percentBeside(value, other);
  if (form === "points") return (100 * value).toFixed(1);
  if (form) return value.toFixed(Number(form));
  const named = (code) => sentences[`name.${code}`] ?? code;
  if (Array.isArray(value)) return value.map(named).join(", ");
  if (typeof value === "object") return Object.entries(value).sort().map(([code, number]) => `${named(code)} ${number.toFixed(0)}`).join(", ");
  return String(value);
}
