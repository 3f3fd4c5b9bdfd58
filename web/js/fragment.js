// What came in the address behind "#": a token or a code. Whoever sees the address bar or the history could read it there, so
// it is taken out at once; every page loads this script before its own.

const names = ["token", "code"];
const arrived = new Map();
const listeners = new Map();

function take() {
  const given = new URLSearchParams(location.hash.slice(1));
  if (!names.some((name) => given.has(name))) return;
  history.replaceState(null, "", location.pathname + location.search);
  for (const name of names) {
    const value = given.get(name);
    if (value !== null) arrived.set(name, value);
  }
}

function deliver(name) {
  const listener = listeners.get(name);
  if (!listener || !arrived.has(name)) return;
  const value = arrived.get(name);
  arrived.delete(name);
  listener(value);
}

/** Calls `listener` with what came as `name`, now or when such an address is opened in this tab later. */
export function onFragment(name, listener) {
  listeners.set(name, listener);
  deliver(name);
}

take();
addEventListener("hashchange", () => {
  take();
  for (const name of names) deliver(name);
});
