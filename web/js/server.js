// The server's REST interface, as far as the page needs it. Throws `Problem`; an abort comes through as `AbortError`.

import { events } from "./event-stream.js";
import { Problem, isAbort } from "./problem.js";

export class Server {
  /** `base`: "" for the server the page came from, else an origin with or without a path, without a slash at the end. */
  constructor(base = "") {
    this.base = base;
  }

  async ensemble(signal) {
    const response = await this.#fetch("/v1/ensemble", { headers: { Accept: "application/json" }, signal });
    if (!response.ok) throw await Problem.fromResponse(response);
    const card = await response.json().catch(() => null);
    if (typeof card?.name !== "string") throw Problem.unreadable();
    return card;
  }

  /** Sends `form` and follows the passes. `onWaiting` gets `{ahead}`, `onProgress` `{done, of, probability}`; the analysis is returned. */
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

  async #fetch(path, options) {
    try {
      return await fetch(this.base + path, { ...options, cache: "no-store", credentials: "same-origin", referrerPolicy: "no-referrer" });
    } catch (error) {
      if (isAbort(error)) throw error;
      throw Problem.unreachable(this.base !== "");
    }
  }
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
