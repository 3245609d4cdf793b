"use strict";
// Where data comes from: blocks in the page, script files beside it (both without any network), or the server that the page came from.
(() => {
  const { page } = albumSort;
  const KEPT = 240;
  const AT_ONCE = 8;
  const GONE = 410;
  const RENEWED_MS = 10_000;
  const loaded = new Map();
  const waiting = new Map();
  const scriptUrls = window.trustedTypes && page.files
    ? window.trustedTypes.createPolicy("album-sort", { createScriptURL: (url) => url })
    : { createScriptURL: (url) => url };

  window.albumSortData = (name, data) => {
    waiting.get(name)?.(data);
    waiting.delete(name);
  };

  // `name` is made of a fixed word and a number of ours: no text from a photo ever becomes part of a script's address.
  function fromScript(name) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      waiting.set(name, resolve);
      script.src = scriptUrls.createScriptURL(`${page.files}/${name}.js`);
      script.addEventListener("load", () => script.remove());
      script.addEventListener("error", () => {
        script.remove();
        waiting.delete(name);
        reject(new Error(`${page.files}/${name}.js`));
      });
      document.head.append(script);
    });
  }

  // There has been a run since: the page of now is another one. Not again and again, should the server have none.
  function renew() {
    const before = Number(window.sessionStorage.getItem("album-sort-renewed"));
    if (Date.now() - before < RENEWED_MS) return;
    window.sessionStorage.setItem("album-sort-renewed", String(Date.now()));
    window.location.reload();
  }

  async function fromServer(name) {
    const answer = await fetch(`${page.data}${name}.json`);
    if (answer.status === GONE) renew();
    if (!answer.ok) throw new Error(name);
    return answer.json();
  }

  const fromPage = async (name) => JSON.parse(document.getElementById(name).textContent);
  const fetchNamed = page.data ? fromServer : page.files ? fromScript : fromPage;

  // Data by name, the most recently used last; the least recently used is dropped when there is much.
  function load(name) {
    const data = loaded.get(name) ?? fetchNamed(name);
    if (!loaded.has(name)) data.catch(() => loaded.delete(name));
    loaded.delete(name);
    loaded.set(name, data);
    if (loaded.size > KEPT) loaded.delete(loaded.keys().next().value);
    return data;
  }

  // ---- thumbnails: what is on the screen first, then the newest wish, and none that nobody waits for any more

  const wishes = [];
  let busy = 0;

  function next() {
    let at = wishes.length - 1;
    while (at > 0 && !wishes[at].isSeen()) at -= 1;
    return wishes[at].isSeen() ? wishes.splice(at, 1)[0] : wishes.pop();
  }

  function work() {
    while (busy < AT_ONCE && wishes.length) {
      const { name, isWanted, resolve, reject } = next();
      if (!isWanted()) {
        reject(null);
        continue;
      }
      busy += 1;
      load(name).then(resolve, reject).finally(() => { busy -= 1; work(); });
    }
  }

  function thumbnail(photo, isWanted = () => true, isSeen = () => true) {
    const name = `thumbnails-${Math.floor(photo.position / page.packThumbnails)}`;
    const slot = photo.position % page.packThumbnails;
    const pack = loaded.has(name) ? load(name) : new Promise((resolve, reject) => {
      wishes.push({ name, isWanted, isSeen, resolve, reject });
      queueMicrotask(work);
    });
    return pack.then((texts) => (texts[slot] ? `data:image/jpeg;base64,${texts[slot]}` : ""));
  }

  async function card(position) {
    const cards = await load(`photos-${Math.floor(position / page.chunkCards)}`);
    return cards[position % page.chunkCards];
  }

  // ---- the photo itself

  // A file name that is not UTF-8 has no address that every browser understands.
  const hasAddress = (path) => !/[\ud800-\udfff]/.test(path.replace(/[\ud800-\udbff][\udc00-\udfff]/g, ""));

  function fileAddress(card) {
    if (page.data || !card.p || !page.photosBase || !hasAddress(card.p)) return "";
    return page.photosBase + card.p.split("/").map(encodeURIComponent).join("/");
  }

  // Made of our own words and digits: inside the albums, or beside a report of what is not filed.
  function previewAddress({ v }) {
    if (!v) return "";
    if (!v.startsWith(".")) return v;
    return page.photosBase ? page.photosBase + v : "";
  }

  // What the viewer shows of a photo: `large` an address or "", `film` likewise.
  function large(photo, card) {
    if (page.data) return { large: photo.isFilm ? "" : `${page.data}large/${photo.id}`, film: photo.isFilm ? `${page.data}film/${photo.id}` : "" };
    const preview = previewAddress(card);
    if (photo.isFilm) return { large: preview, film: fileAddress(card) };
    return { large: preview || (photo.isNotShown ? "" : fileAddress(card)), film: "" };
  }

  albumSort.source = { load, thumbnail, card, large, fileAddress };
})();
