"use strict";
// What is read rather than looked at: duplicates, each with its size and the source that is stored.
(() => {
  const { page, source, photos, router } = albumSort;
  const { t, el, isolated, button, bytes, numbers } = albumSort.words;
  const PAGE = 60;

  function pager(current, pages, go, label = t("pages")) {
    if (pages < 2) return "";
    const shown = new Set([0, pages - 1, current - 1, current, current + 1].filter((n) => n >= 0 && n < pages));
    const nav = el("nav", { class: "pager", "aria-label": label });
    nav.append(button("←", () => go(current - 1), { "aria-label": t("previous"), ...(current === 0 && { disabled: "disabled" }) }));
    let last = -1;
    for (const number of [...shown].sort((a, b) => a - b)) {
      if (number > last + 1) nav.append(el("span", { "aria-hidden": "true" }, "…"));
      nav.append(button(numbers.format(number + 1), () => go(number), {
        "aria-label": t("page", { n: number + 1 }), ...(number === current && { "aria-current": "page" }) }));
      last = number;
    }
    nav.append(button("→", () => go(current + 1), { "aria-label": t("next"), ...(current === pages - 1 && { disabled: "disabled" }) }));
    return nav;
  }

  function duplicate(position, card) {
    const photo = photos.photo(position);
    const image = el("img", { decoding: "async" });
    image.setAttribute("alt", "");
    source.thumbnail(photo).then((address) => { if (address) image.src = address; else image.remove(); }, () => image.remove());
    const stored = photos.positionOf(photo.id);
    const picture = el("a", { class: "frame", href: router.address("#/duplicates", new URLSearchParams({ photo: photo.id })),
      "aria-label": t("open_photo", { name: photos.alternative(stored < 0 ? position : stored) }) }, image);
    return el("li", { class: "row" }, picture, el("div", { class: "about" },
      el("p", { class: "source" }, isolated(card.s, "path"), card.b === undefined ? null : el("span", { class: "quiet" }, ` (${bytes(card.b)})`)),
      card.d ? el("p", { class: "quiet" }, `${t("same_as")} `, isolated(card.d, "path")) : null,
      card.p ? el("p", { class: "quiet" }, `${t("stored_as")} `, isolated(card.pv || card.p, "path")) : null,
      card.d && card.f === 0 ? el("p", { class: "quiet" }, t("same_file")) : null,
      el("p", { class: "quiet" }, isolated(photos.albumOf(position).title))));
  }

  async function duplicates(target, query) {
    const { index, flags } = photos;
    const all = [];
    for (let i = 0; i < index.count; i += 1) if (index.flags[i] & flags.DUPLICATE) all.push(i);
    const pages = Math.max(1, Math.ceil(all.length / PAGE));
    const current = Math.min(pages, Math.max(1, Number.parseInt(query.get("page"), 10) || 1)) - 1;
    const go = (number) => router.change({ page: String(number + 1) });
    const shown = all.slice(current * PAGE, (current + 1) * PAGE);
    const cards = await Promise.all(shown.map(source.card));
    target.append(pager(current, pages, go), el("ul", { class: "rows" }, ...shown.map((position, i) => duplicate(position, cards[i]))),
      pager(current, pages, go, t("pages_below")));
    const free = page.freed ? ` ${t("duplicates_free", { size: bytes(page.freed) })}` : "";
    return { note: `${t("duplicates_text", { n: all.length })}${free}`, items: shown.map((position) => photos.positionOf(photos.idOf(position))) };
  }

  albumSort.lists = { duplicates };
})();
