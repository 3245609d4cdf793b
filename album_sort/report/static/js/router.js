"use strict";
// Addresses: "#/album/pets?year=2023&q=dog&photo=0123456789abcdef" holds the page, its filters, and the photo that is open.
(() => {
  const listeners = [];

  function current() {
    const hash = window.location.hash;
    const cut = hash.indexOf("?");
    const path = cut < 0 ? hash : hash.slice(0, cut);
    const parts = path.split("/");
    let name = "";
    try { name = decodeURIComponent(parts.slice(2).join("/")); } catch { /* a mangled address shows nothing */ }
    const isPage = parts[0] === "#" && parts.length > 1 && parts[1] !== "";
    return { kind: isPage ? parts[1] : "", name, path, isPage, query: new URLSearchParams(cut < 0 ? "" : hash.slice(cut + 1)) };
  }

  function address(path, query) {
    const kept = new URLSearchParams([...query].filter(([, value]) => value !== ""));
    // spaces as people type them, and commas as they are
    const text = kept.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
    return text ? `${path}?${text}` : path;
  }

  const pathOf = (kind, name = "") => (name === "" ? `#/${kind}` : `#/${kind}/${encodeURIComponent(name)}`);

  // Where one was is kept with each entry of the browser's history.
  let settling = 0;
  function keepPlace() {
    window.clearTimeout(settling);
    if (history.state?.y !== window.scrollY) history.replaceState({ ...history.state, y: window.scrollY }, "");
  }
  function keepPlaceSoon() {
    window.clearTimeout(settling);
    settling = window.setTimeout(keepPlace, 150);
  }

  function go(path, query = new URLSearchParams(), { replace = false } = {}) {
    const to = address(path, query);
    if (to === window.location.hash) return;
    keepPlace();
    if (replace) history.replaceState(history.state, "", to);
    else history.pushState({ depth: (history.state?.depth ?? 0) + 1 }, "", to);
    tell(false);
  }

  // The same page with other values; an empty one is taken away. `replace` keeps it out of the history.
  function change(values, options = {}) {
    const { path, query } = current();
    for (const [name, value] of Object.entries(values)) query.set(name, value ?? "");
    go(path, query, options);
  }

  // Back where one came from inside this page, else to `path`.
  function leave(path, query) {
    if ((history.state?.depth ?? 0) > 0) history.back();
    else go(path, query, { replace: true });
  }

  function tell(isForced) { for (const listener of listeners) listener(current(), isForced); }

  // Draws the page that is open anew: what it shows is another thing now.
  function refresh() { tell(true); }

  history.scrollRestoration = "manual";
  document.addEventListener("click", keepPlace, { capture: true });
  window.addEventListener("scroll", keepPlaceSoon, { passive: true });
  // Both events may come for one step; the listeners see the same address twice and do nothing the second time.
  for (const step of ["popstate", "hashchange"]) window.addEventListener(step, () => tell(false));

  albumSort.router = { current, go, change, leave, refresh, pathOf, address, onChange: (listener) => listeners.push(listener) };
})();
