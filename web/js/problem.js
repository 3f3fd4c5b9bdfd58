// What went wrong, in words for the doctor: the server's own (RFC 9457), or ours where no server could speak.

const words = {
  401: ["This device is not known here", "The server asks for this device's token. Open the start page to give it one."],
  403: ["Not allowed", "The server does not allow this device to do that. Ask the administrator."],
  404: ["Not a MelaScan server", "The address answers, but not as this server does. Check it in the settings."],
  405: ["Not a MelaScan server", "The address answers, but not as this server does. Check it in the settings."],
  408: ["Sending took too long", "The connection is slow or was interrupted. Try again."],
  411: ["The photo did not arrive whole", "Something between this device and the server changed the request. Try again."],
  413: ["The photo is too large", "Send a photo of less than 20 MiB."],
  429: ["Too many requests", "Wait a moment, then try again."],
  502: ["The server is not running", "The web server answers, but the analysis behind it does not. It may be starting: try again in a moment."],
  503: ["The server is not ready", "It is starting or busy. Try again in a moment."],
  504: ["The server took too long", "The analysis did not end in time. Try again."],
};

export class Problem extends Error {
  /** `retryable`: the same request may succeed later. `field`: the form field it is about, if one. */
  constructor({ title, detail = "", status = 0, code = "", field = null, retryAfter = null }) {
    super(title);
    Object.assign(this, { title, detail, status, code, field, retryAfter });
  }

  get retryable() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }

  /** A problem object as the server sends it, also as the last event of a stream. */
  static fromBody(body, status = body?.status ?? 500, retryAfter = null) {
    const [title, detail] = words[status] ?? ["The server could not analyse the photo", "It gave no reason. Try again."];
    return new Problem({
      title: typeof body?.title === "string" ? body.title : title,
      detail: typeof body?.detail === "string" ? body.detail : typeof body?.title === "string" ? "" : detail,
      status,
      code: String(body?.type ?? "").split(":").pop(),
      field: typeof body?.field === "string" ? body.field : null,
      retryAfter,
    });
  }

  static async fromResponse(response) {
    const isJSON = /[/+]json\b/.test(response.headers.get("Content-Type") ?? "");
    const body = isJSON ? await response.json().catch(() => null) : null;
    const retryAfter = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
    return Problem.fromBody(body, response.status, Number.isFinite(retryAfter) ? retryAfter : null);
  }

  static unreachable(isOtherServer) {
    if (!navigator.onLine) {
      return new Problem({ title: "This device is offline", detail: "Connect to the network of the server, then try again." });
    }
    return new Problem({
      title: "No answer from the server",
      detail: isOtherServer
        ? "Check the network and the server's address in the settings. A server other than this page's must also allow this page to call it."
        : "Check that this device is in the server's network and that the server runs, then try again.",
    });
  }

  static cutOff() {
    return new Problem({ title: "The answer broke off", detail: "The connection ended before the result was there. Nothing was decided. Try again." });
  }

  static unreadable() {
    return new Problem({ title: "Not a MelaScan answer", detail: "The server answered something this page cannot read. Check its address in the settings." });
  }
}

export function isAbort(error) {
  return error?.name === "AbortError";
}
