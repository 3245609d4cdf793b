"use strict";
// Corrections that a person has made and not yet carried out: in a static page they become one command to copy, in a served one the
// server takes them. They are kept in the browser, so that closing the page loses none.
(() => {
  const { page, source, photos } = albumSort;
  const { t, el, option, button, copyable, say, isolated } = albumSort.words;
  const KEY = `album-sort fixes ${page.out}`;
  // Shells take some hundred thousand characters a line; far below that, and a new line begins.
  const LONGEST_LINE = 60000;
  const COVERS_KEY = `album-sort covers ${page.out}`;
  // The albums of an earlier report are to be looked at: what is kept in the browser belongs to the newest.
  const isPossible = !page.isEarlier;
  const pending = new Map();
  const covers = new Map(); // by album, the photo that is to stand for it
  const listeners = [];

  function keep() {
    try {
      localStorage.setItem(KEY, JSON.stringify([...pending]));
      localStorage.setItem(COVERS_KEY, JSON.stringify({ run: page.run, covers: [...covers] }));
    } catch { /* a browser that keeps nothing: the page still does until it is closed */ }
  }

  function read() {
    try {
      for (const [id, album] of JSON.parse(localStorage.getItem(KEY) ?? "[]")) {
        const position = typeof id === "string" && Object.hasOwn(page.titles, album) ? photos.positionOf(id) : -1;
        // what a run has carried out since is done
        if (position >= 0 && photos.albumOf(position).id !== album) pending.set(id, album);
      }
      const kept = JSON.parse(localStorage.getItem(COVERS_KEY) ?? "null");
      // a cover that was carried out has made another page
      for (const [album, id] of kept?.run === page.run ? kept.covers : []) {
        if (typeof id === "string" && Object.hasOwn(page.titles, album) && photos.positionOf(id) >= 0) covers.set(album, id);
      }
    } catch { /* nothing was kept, or not by us */ }
  }

  function changed() {
    keep();
    for (const listener of listeners) listener();
  }

  function belongsTo(ids, album) {
    for (const id of ids) {
      const position = photos.positionOf(id);
      if (photos.albumOf(position).id === album) pending.delete(id);
      else pending.set(id, album);
    }
    changed();
    say(t("fix_noted", { n: ids.length, album: photos.albumTitle(album) }));
  }

  // This photo stands for the album; said again, it does not.
  function chooseCover(album, id) {
    if (covers.get(album) === id) covers.delete(album);
    else covers.set(album, id);
    changed();
    if (covers.has(album)) say(t("cover_noted", { album: photos.albumTitle(album) }));
  }

  function forget(ids) {
    for (const id of ids) pending.delete(id);
    changed();
  }

  const named = (album) => (Object.hasOwn(page.quoted, album) ? page.quoted[album] : album);
  const quoted = (card) => card.q || `'${card.s}'`;

  // One command for all: a call for each album, joined so that the next only runs when the one before went well. Python has quoted what
  // plain quotes cannot hold, so no name can be more than a name.
  async function command(changes = pending, chosen = covers) {
    const byAlbum = new Map();
    for (const [id, album] of changes) {
      const card = await source.card(photos.positionOf(id));
      if (!byAlbum.has(album)) byAlbum.set(album, []);
      byAlbum.get(album).push(quoted(card));
    }
    const calls = [];
    for (const [album, words] of byAlbum) {
      let line = [];
      let length = 0;
      const flush = () => { if (line.length) calls.push(`${page.program} fix ${line.join(" ")} --album ${named(album)} --out ${page.out}${page.isPreview ? "" : " --now"}`); line = []; length = 0; };
      for (const word of words) {
        if (length + word.length > LONGEST_LINE) flush();
        line.push(word);
        length += word.length + 1;
      }
      flush();
    }
    for (const [album, id] of chosen) {
      const card = await source.card(photos.positionOf(id));
      calls.push(`${page.program} albums cover ${named(album)} ${quoted(card)} --out ${page.out}`);
    }
    return calls.join(" && ");
  }

  // ---- choosing an album

  const albumChoices = () => Object.keys(page.titles).filter((id) => id !== "review")
    .sort((a, b) => photos.albumTitle(a).localeCompare(photos.albumTitle(b), albumSort.words.locale));

  let selects = 0;
  // "It belongs to [album]": the choice counts at once.
  function chooser(label, onChoice, { first = [], value = "" } = {}) {
    selects += 1;
    const id = `belongs-${selects}`;
    const all = albumChoices();
    const choices = [...new Set([...first.filter((one) => all.includes(one)), ...all])];
    const select = el("select", { id },
      option("", t("choose_album")), ...choices.map((one) => option(one, photos.albumTitle(one))));
    select.value = value;
    select.addEventListener("change", () => { if (select.value) onChoice(select.value); });
    return el("span", { class: "belongs" }, el("label", { for: id }, label), " ", select);
  }

  // ---- the bar that tells of them

  const bar = document.getElementById("pending");

  const count = () => pending.size + covers.size;

  async function drawBar() {
    bar.hidden = count() === 0;
    if (bar.hidden) {
      bar.replaceChildren();
      return;
    }
    bar.replaceChildren(el("span", { class: "count" }, t("fix_pending", { n: count() })),
      button(albumSort.live()?.fix ? t("fix_apply") : t("fix_show"), () => showResult(), { class: "button" }),
      button(t("fix_discard"), () => { pending.clear(); covers.clear(); changed(); }));
  }

  async function showResult() {
    const live = albumSort.live();
    if (live?.fix) {
      await live.fix([...pending].map(([id, album]) => ({ id, album })));
      pending.clear();
      changed();
      return;
    }
    const dialog = document.getElementById("result");
    dialog.replaceChildren(await result(), button(t("close"), () => dialog.close(), { class: "shut" }));
    dialog.showModal();
  }

  // The command with what it will do.
  async function result() {
    const sums = new Map();
    for (const album of pending.values()) sums.set(album, (sums.get(album) ?? 0) + 1);
    return el("div", { class: "result" },
      el("h2", { id: "result-title" }, t("fix_title")),
      el("p", {}, page.isPreview ? t("fix_help_preview") : t("fix_help")),
      el("ul", { class: "sums" }, ...[...sums].map(([album, n]) =>
        el("li", {}, isolated(photos.albumTitle(album)), ` ${t("photos", { n })}`)),
      ...[...covers.keys()].map((album) => el("li", {}, isolated(photos.albumTitle(album)), ` ${t("cover_of")}`))),
      copyable(await command(), t("fix_copy")));
  }

  albumSort.fixes = {
    isPossible, pending, covers, belongsTo, chooseCover, forget, command, chooser, albumChoices, result,
    start: () => { if (isPossible) { read(); listeners.push(drawBar); drawBar(); } },
    onChange: (listener) => { listeners.push(listener); return () => listeners.splice(listeners.indexOf(listener), 1); },
  };
})();
