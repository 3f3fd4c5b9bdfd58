// The server's address: checked, and kept in this browser. "" is the server the page came from.

const key = "melascan.server";

/** Returns `{address}` or `{error}` in words. */
export function checkedAddress(text) {
  const typed = text.trim();
  if (typed === "") return { address: "" };
  let url;
  try {
    url = new URL(typed);
  } catch {
    return { error: "This is not an address. It starts with http:// or https://, like https://melascan.example." };
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    return { error: "The address must start with http:// or https://." };
  }
  if (url.username || url.password) return { error: "The address must not hold a name or a password." };
  if (url.search || url.hash) return { error: "The address must end before any ? or #." };
  if (location.protocol === "https:" && url.protocol === "http:" && !["localhost", "127.0.0.1", "[::1]"].includes(url.hostname)) {
    return { error: "This page came over https, so the browser will not send photos to an http address." };
  }
  const address = url.origin + url.pathname.replace(/\/+$/, "");
  return { address: address === location.origin ? "" : address };
}

export function keptAddress() {
  try {
    return checkedAddress(localStorage.getItem(key) ?? "").address ?? "";
  } catch {
    return "";
  }
}

/** False where the browser keeps nothing (storage switched off): the address then holds until the page is left. */
export function keepAddress(address) {
  try {
    if (address === "") localStorage.removeItem(key);
    else localStorage.setItem(key, address);
    return true;
  } catch {
    return false;
  }
}
