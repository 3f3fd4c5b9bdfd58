// This device's token for a server: checked, and kept in this browser under that server's address, never for another one.

const held = new Map(); // where the browser keeps nothing: until the page is left

function key(address) {
  return address === "" ? "melascan.token" : `melascan.token ${address}`;
}

/** Returns `{token}` or `{error}` in words. */
export function checkedToken(text) {
  const token = text.replace(/\s+/g, "");
  if (/^mela_[0-9a-z]{8}_[0-9a-z]{52}$/i.test(token)) return { token };
  return { error: "This is not a whole token. It begins with mela_ and has 66 characters." };
}

/** The token for the server at `address`, or null. */
export function keptToken(address) {
  try {
    return checkedToken(localStorage.getItem(key(address)) ?? held.get(address) ?? "").token ?? null;
  } catch {
    return held.get(address) ?? null;
  }
}

/** False where the browser keeps nothing. */
export function keepToken(address, token) {
  held.set(address, token);
  try {
    localStorage.setItem(key(address), token);
    return true;
  } catch {
    return false;
  }
}

export function forgetToken(address) {
  held.delete(address);
  try {
    localStorage.removeItem(key(address));
  } catch {
    // Then nothing was kept.
  }
}
