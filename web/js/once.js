// A key for one thing that is to be done once, however often it is sent (Idempotency-Key): kept for retries, new for something new.

export class Once {
  #parts = null;
  #key = "";

  /** The key of what `parts` say; the same as long as they are the same. */
  keyFor(...parts) {
    const isSame = this.#parts?.length === parts.length && parts.every((part, index) => part === this.#parts[index]);
    if (!isSame) {
      this.#parts = parts;
      this.#key = identifier();
    }
    return this.#key;
  }

  /** It is done: the next one gets a key of its own. */
  done() {
    this.#parts = null;
  }
}

/** A random UUID (RFC 9562). Browsers have `randomUUID` over https only, and a clinic's own network may be without. */
function identifier() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
