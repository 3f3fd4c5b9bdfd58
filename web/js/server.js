// The server's REST interface, as far as the pages need it. Throws `Problem`; an abort comes through as `AbortError`.

import { events } from "./event-stream.js";
import { Problem, isAbort } from "./problem.js";
import { terms } from "./terms.js";

export class Server {
  /** `base`: "" for the server the page came from, else an origin with or without a path, without a slash at the end. `token`: this device's for that server, or null. */
  constructor(base = "", token = null) {
    this.base = base;
    this.token = token;
  }

  async ensemble(signal) {
    const card = await this.#json("/v1/ensemble", { signal });
    if (typeof card.name !== "string") throw Problem.unreadable();
    return card;
  }

  /** What patients are asked here. */
  async terms(signal) {
    try {
      return terms(await this.#json("/v1/consent-texts", { signal }));
    } catch (error) {
      if (error instanceof Problem && (error.status === 404 || error.status === 405)) return terms(null);
      throw error;
    }
  }

  /** Sends `form` and follows the passes. `onWaiting` gets `{ahead}`, `onProgress` `{done, of, probability, threshold}`; the analysis is returned. */
  async analyse(form, { signal, onWaiting, onProgress }) {
    const response = await this.#fetch("/v1/analyses", {
      method: "POST",
      body: form,
      headers: { Accept: "text/event-stream" },
      signal,
    });
    if (!response.ok) throw await Problem.fromResponse(response);
    if (!/^text\/event-stream\b/.test(response.headers.get("Content-Type") ?? "")) {
      return checked(await response.json().catch(() => null));
    }
    try {
      for await (const { event, data } of events(response.body)) {
        const body = parsed(data);
        if (event === "waiting" && body) onWaiting(body);
        if (event === "progress" && body) onProgress(body);
        if (event === "analysis") return checked(body);
        if (event === "problem") throw Problem.fromBody(body);
      }
    } catch (error) {
      if (isAbort(error) || error instanceof Problem) throw error;
      throw Problem.cutOff();
    }
    throw Problem.cutOff();
  }

  /** Posts a form and returns what the server says. `key`: with the same one it is done once, however often it is sent. */
  post(path, form, { signal, key = null } = {}) {
    return this.#json(path, { method: "POST", body: form, signal, headers: key === null ? {} : { "Idempotency-Key": key } });
  }

  async #json(path, options) {
    const response = await this.#fetch(path, { ...options, headers: { Accept: "application/json", ...options.headers } });
    if (!response.ok) throw await Problem.fromResponse(response);
    const body = await response.json().catch(() => null);
    if (body === null || typeof body !== "object") throw Problem.unreadable();
    return body;
  }

  async #fetch(path, options) {
    const access = this.token === null
      ? {}
      // Nothing that redirects gets to see the token.
      : { redirect: "error", headers: { ...options.headers, Authorization: `Bearer ${this.token}` } };
    try {
      return await fetch(this.base + path, { ...options, ...access, cache: "no-store", credentials: "same-origin", referrerPolicy: "no-referrer" });
    } catch (error) {
      if (isAbort(error)) throw error;
      throw Problem.unreachable(this.base !== "");
    }
  }
}

/** A form of the fields that were given; one with a file keeps its photo first. */
export function formOf(fields) {
  const form = new FormData();
  for (const [name, value] of fields) {
    if (value instanceof Blob) form.append(name, value, "photo.jpg"); // the file's own name may be the patient's
    else form.append(name, value);
  }
  return form;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A result is shown only where the figure and the verdict are there: an error is never drawn as 0 %. */
function checked(analysis) {
  const isWhole = Number.isFinite(analysis?.probability) && typeof analysis?.verdict === "string" && analysis?.classes !== null && typeof analysis?.classes === "object";
  if (!isWhole) throw Problem.unreadable();
  return analysis;
}
