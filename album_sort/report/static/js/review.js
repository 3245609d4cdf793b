"use strict";
// The photos nobody was sure of, one after the other: one photo large, the likeliest albums on the keys 1 to 9, u takes back, space skips.
(() => {
  const { page, source, photos, fixes, router } = albumSort;
  const { t, el, isolated, button, percents, say } = albumSort.words;
  const CHOICES = 9;
  let keys = null;
  // Whoever knows the keys is quicker than the disk: what is pressed while the next photo comes is for that one.
  let isDrawing = false;
  const pressed = [];

  // The likeliest first; then those that were chosen in this sitting, then the albums with most photos.
  function choicesOf(card, chosen) {
    const all = fixes.albumChoices();
    const sizes = new Map();
    for (const number of photos.index.album) sizes.set(page.albums[number].id, (sizes.get(page.albums[number].id) ?? 0) + 1);
    const guessed = (card.g ?? []).map(([album]) => album);
    const rest = all.filter((album) => !guessed.includes(album))
      .sort((a, b) => (chosen.get(b) ?? 0) - (chosen.get(a) ?? 0) || (sizes.get(b) ?? 0) - (sizes.get(a) ?? 0));
    return [...new Set([...guessed.filter((album) => all.includes(album)), ...rest])].slice(0, CHOICES);
  }

  function show({ target, items }) {
    const done = [];
    const chosen = new Map();
    let at = items.findIndex((position) => !fixes.pending.has(photos.idOf(position)));
    if (at < 0) at = items.length;
    let turn = 0;
    const stage = el("div", { class: "queue" });
    target.append(stage);

    function next() {
      at += 1;
      while (at < items.length && fixes.pending.has(photos.idOf(items[at]))) at += 1;
      draw();
    }
    function choose(album) {
      const id = photos.idOf(items[at]);
      done.push({ at, id });
      chosen.set(album, (chosen.get(album) ?? 0) + 1);
      fixes.belongsTo([id], album);
      next();
    }
    function skip() {
      done.push({ at, id: "" });
      next();
    }
    function undo() {
      const last = done.pop();
      if (!last) return;
      if (last.id) fixes.forget([last.id]);
      at = last.at;
      draw();
    }

    async function finished() {
      const mine = turn += 1;
      const part = fixes.pending.size && !albumSort.live()?.fix ? await fixes.result() : null;
      if (mine !== turn) return;
      const said = t(items.length ? "queue_done" : "review_none");
      stage.replaceChildren(el("div", { class: "finished" }, el("h2", { tabindex: "-1" }, said), part,
        el("p", {}, done.length ? button(t("queue_undo"), undo, { "aria-keyshortcuts": "u" }) : null, " ",
          items.length ? button(t("queue_again"), () => { at = 0; done.length = 0; draw(); }) : null)));
      stage.querySelector("h2").focus({ preventScroll: true });
      keys = (event) => (event.key === "u" ? undo : null);
    }

    async function draw() {
      if (at >= items.length) { isDrawing = false; pressed.length = 0; finished(); return; }
      const mine = turn += 1;
      const hadFocus = stage.contains(document.activeElement);
      isDrawing = true;
      const position = items[at];
      const photo = photos.photo(position);
      let card;
      try {
        card = await source.card(position);
      } catch (error) {
        stage.replaceChildren(el("p", { class: "told" }, t("missing_text", { file: String(error.message) })));
        return;
      }
      const small = await source.thumbnail(photo).catch(() => "");
      if (mine !== turn) return;
      const albums = choicesOf(card, chosen);
      const sure = new Map(card.g ?? []);
      const { large, film } = source.large(photo, card);
      const name = photos.alternative(position);
      const picture = film ? el("video", { controls: "controls", playsinline: "playsinline", preload: "metadata", src: film, "aria-label": name })
        : el("img", { class: large ? "" : "is-small" });
      if (film && small) picture.setAttribute("poster", small);
      if (!film) {
        picture.setAttribute("alt", name);
        if (large && small) picture.addEventListener("error", () => { picture.src = small; picture.classList.add("is-small"); }, { once: true });
        if (large || small) picture.src = large || small;
      }
      const bar = el("progress", { max: String(items.length), value: String(at), "aria-label": t("queue_progress", { n: at + 1, of: items.length }) });
      const already = fixes.pending.get(photo.id);
      stage.replaceChildren(
        el("div", { class: "progress" }, el("span", { class: "number" }, t("photo_of", { n: at + 1, of: items.length })), bar),
        el("div", { class: "picture" }, picture),
        el("div", { class: "choices" },
          el("h2", { class: "question", tabindex: "-1" }, t("queue_question")),
          el("ol", { class: "albums" }, ...albums.map((album, i) => el("li", {}, button(
            el("span", {}, el("kbd", {}, String(i + 1)), " ", isolated(photos.albumTitle(album)),
              sure.has(album) ? el("span", { class: "number" }, ` ${percents.format(sure.get(album))}`) : null),
            () => choose(album), { "aria-keyshortcuts": String(i + 1), ...(already === album && { "aria-pressed": "true" }) })))),
          el("p", {}, fixes.chooser(t("queue_other"), choose, { first: albums })),
          el("p", { class: "steps" },
            button(el("span", {}, t("queue_skip"), " ", el("kbd", {}, t("key_space"))), skip, { class: "skip-photo" }), " ",
            button(el("span", {}, t("queue_undo"), " ", el("kbd", {}, "u")), undo, { ...(done.length === 0 && { disabled: "disabled" }) }), " ",
            button(t("info"), () => router.change({ photo: photo.id }))),
          el("p", { class: "quiet" }, isolated(card.s, "path")),
          card.w ? el("p", { class: "quiet" }, isolated(card.w[0])) : null));
      say(`${t("queue_progress", { n: at + 1, of: items.length })}: ${name}`);
      keys = (event) => {
        if (event.key === " " || event.key === "s") return skip;
        if (event.key === "u") return undo;
        const album = /^[1-9]$/.test(event.key) ? albums[Number(event.key) - 1] : undefined;
        return album === undefined ? null : () => choose(album);
      };
      isDrawing = false;
      if (hadFocus) stage.querySelector(".question").focus({ preventScroll: true });
      if (pressed.length) keys({ key: pressed.shift() })?.();
    }

    draw();
    return { items, destroy: () => { keys = null; isDrawing = false; pressed.length = 0; turn += 1; }, reveal: () => {}, indexOf: () => -1 };
  }

  document.addEventListener("keydown", (event) => {
    if (!keys || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (["SELECT", "INPUT", "VIDEO"].includes(event.target.tagName)) return;
    if (isDrawing && /^[1-9su ]$/.test(event.key)) {
      event.preventDefault();
      pressed.push(event.key);
      return;
    }
    const act = keys(event);
    if (!act) return;
    event.preventDefault();
    act();
  });

  albumSort.review = { show };
})();
