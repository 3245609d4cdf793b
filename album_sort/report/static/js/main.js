"use strict";
// Which page an address shows.
(() => {
  const { page, photos, router, search, wall, viewer, lists, review, map, fixes } = albumSort;
  const { t, el, isolated, button, say, dates } = albumSort.words;
  const overview = document.getElementById("overview");
  const technical = document.getElementById("technical");
  const view = document.getElementById("view");
  const pageTitle = document.title;
  const BACK = "#back";
  let shown = null;
  let shownAddress = "";
  let turn = 0;
  let lastPath = "";

  // ---- which photos a page has

  const oldestFirst = (items) => items.filter((i) => photos.index.time[i] !== null).reverse().concat(items.filter((i) => photos.index.time[i] === null));

  function contentOf({ kind, name }) {
    const { newestFirst, index } = photos;
    if (kind === "album") {
      const number = page.albums.findIndex((album) => album.id === name);
      return { title: photos.albumTitle(name), base: newestFirst.filter((i) => index.album[i] === number), fixed: "album", twins: page.albums[number]?.twins };
    }
    if (kind === "trip") {
      const number = Object.hasOwn(page.trips, name) ? Number(name) : -1;
      const trip = page.trips[number];
      return { title: trip?.title ?? t("trip"), base: trip ? oldestFirst(newestFirst.filter((i) => index.trip[i] === number)) : [], fixed: "trip", trip };
    }
    if (kind === "new") return { title: t("new_title"), base: newestFirst.filter((i) => photos.isFlagged(i, photos.flags.NEW)) };
    if (kind === "review") {
      const number = page.albums.findIndex((album) => album.id === "review");
      return { title: t("review_title"), base: newestFirst.filter((i) => index.album[i] === number), fixed: "album", isQueue: fixes.isPossible };
    }
    if (kind === "similar") {
      const inBurst = new Map(index.bursts.flatMap((burst, number) => burst.map((i) => [i, number])));
      return { title: t("bursts_title"), base: index.bursts.flat(), inBurst, note: t("bursts_text", { n: index.bursts.length }) };
    }
    return { title: t("all_title"), base: newestFirst };
  }

  // ---- the head of a page

  function heading(title, ...notes) {
    return el("header", { class: "viewhead" },
      el("a", { class: "back", href: BACK }, `← ${t("back")}`),
      el("h1", { tabindex: "-1" }, isolated(title)),
      ...notes.map((note) => el("p", { class: "lead" }, note)));
  }

  // The numbers of the overview count each file; a page shows what is stored once only once.
  function countOf(items, base, twins) {
    if (items.length < base.length) return t("found_of", { n: items.length, of: base.length });
    if (!twins) return t("photos", { n: items.length });
    return el("span", {}, `${t("photos", { n: items.length + twins })}${t("totals_comma")}`,
      el("a", { href: "#/duplicates" }, t("of_them_duplicates", { n: twins })));
  }

  function daysOf(trip) {
    const [start, end] = [trip.start, trip.end].map((day) => dates.day.format(new Date(`${day}T00:00Z`)));
    return start === end ? start : `${start} – ${end}`;
  }

  // ---- walls

  function sectioning(content, query, items) {
    if (query.get("sort") === "unsure") {
      const stepOf = (i) => Math.floor(photos.index.sure[i] / 10);
      return { keyOf: stepOf, labelOf: (step) => t("sure_step", { from: step * 10 }), hasScrubber: false };
    }
    if (content.inBurst) return { keyOf: (i) => content.inBurst.get(i), labelOf: (burst) => photos.whenOf(photos.index.bursts[burst][0]) };
    if (content.trip) {
      const dayOf = (i) => (photos.index.time[i] === null ? null : Math.floor(photos.index.time[i] / 1440));
      return { keyOf: dayOf, labelOf: (day) => (day === null ? t("undated") : dates.weekday.format(photos.instantOf(day * 1440))) };
    }
    return {
      keyOf: photos.monthOf,
      labelOf: (month) => (month === null ? t("undated") : photos.monthName(month, dates.shortMonth)),
      yearOf: (month) => (month === null ? "" : String(Math.floor(month / 12))),
      items,
    };
  }

  async function wallPage(route) {
    await photos.load();
    const content = contentOf(route);
    const { query } = route;
    const { items, counts } = search.filter(content.base, query);
    const said = search.said(query);
    const parts = [];
    const title = route.kind === "all" && said.length ? said.join(" · ") : content.title;
    const count = countOf(items, content.base, content.twins);
    const facts = content.trip ? el("span", {}, content.trip.relative ? el("em", {}, content.trip.relative) : null, content.trip.relative ? " · " : null, `${daysOf(content.trip)} · `, count) : count;
    const head = heading(title, content.note ?? facts);
    const live = albumSort.live();
    for (const { label, run } of (content.fixed && !content.isQueue && live?.albumActions) || []) head.append(button(label, () => run({ kind: route.kind, name: route.name })));
    const isQueue = content.isQueue && query.get("as") !== "wall";
    if (content.isQueue) {
      head.append(el("p", { class: "switch" }, button(isQueue ? t("queue_as_wall") : t("queue_start"), () => router.change({ as: isQueue ? "wall" : "", photo: "" }))));
    }
    parts.push(head);
    if (!isQueue) parts.push(search.toolbar(query, counts, content.fixed));
    let tripMap = null;
    if (content.trip) {
      tripMap = map.make(content.base, route.path);
      if (tripMap) parts.push(tripMap.figure);
    }
    const box = el("div", { class: isQueue ? "queuebox" : "wallbox" });
    parts.push(box);
    const openAt = (item) => router.change({ photo: photos.idOf(items[item]) });
    return {
      parts, title, items,
      said: t("photos", { n: items.length }),
      start() {
        tripMap?.start();
        if (isQueue) return review.show({ target: box, items });
        if (!items.length) box.append(el("p", { class: "quiet nothing" }, t("nothing_found")));
        return wall.show({ target: box, items, onOpen: openAt, ...sectioning(content, query, items) });
      },
    };
  }

  async function duplicatesPage(route) {
    await photos.load();
    const box = el("div", {});
    const { note, items } = await lists.duplicates(box, route.query);
    return { parts: [heading(t("duplicates_title"), note), box], title: t("duplicates_title"), items, said: note, start: () => null };
  }

  // ---- showing

  function showOverview(comesFromPage, y) {
    const links = comesFromPage ? [...overview.querySelectorAll("a[href]")].filter((one) => one.getAttribute("href") === lastPath) : [];
    // of a trip the tile, which comes after its mark on the map
    const link = links.pop();
    link?.focus({ preventScroll: true });
    if (y !== undefined) window.scrollTo(0, y);
    else if (window.location.hash === BACK && link) link.scrollIntoView({ block: "center" });
    else if (comesFromPage) (document.getElementById(window.location.hash.slice(1)) ?? overview).scrollIntoView();
  }

  // An address without the photo that is open: while it stays the same, only the viewer changes.
  function withoutPhoto({ path, query }) {
    const rest = new URLSearchParams(query);
    rest.delete("photo");
    return router.address(path, rest);
  }

  function showPhoto(id) {
    if (!id) { viewer.hide(); return; }
    viewer.show(id, shown?.items ?? [], (last) => {
      const at = shown?.wall?.indexOf(last) ?? -1;
      if (at >= 0) shown.wall.reveal(at, { focus: true });
    });
  }

  function leave() {
    shown?.wall?.destroy();
    shown = null;
    view.replaceChildren();
  }

  async function show(route, isForced = false) {
    // the skip link moves the focus, not the page
    if (window.location.hash === "#main") return;
    const address = withoutPhoto(route);
    if (route.isPage && shown && address === shownAddress && !isForced) { showPhoto(route.query.get("photo")); return; }
    const mine = turn += 1;
    const y = history.state?.y;
    shownAddress = address;
    const comesFromPage = overview.hidden;
    const isTechnical = route.kind === "technical";
    overview.hidden = route.isPage;
    technical.hidden = !isTechnical;
    view.hidden = !route.isPage || isTechnical;
    document.querySelector(".bar nav").scrollLeft = 0;
    for (const link of document.querySelectorAll(".bar nav a")) {
      if (link.getAttribute("href") === route.path) {
        link.setAttribute("aria-current", "page");
        // on a narrow screen the bar scrolls
        const bar = link.parentElement;
        bar.scrollLeft = link.offsetLeft + link.offsetWidth / 2 - bar.offsetLeft - bar.clientWidth / 2;
      } else link.removeAttribute("aria-current");
    }
    if (!route.isPage || isTechnical) {
      viewer.hide();
      leave();
      document.title = isTechnical ? `${t("technical_title")} · ${pageTitle}` : pageTitle;
      if (isTechnical) { lastPath = route.path; window.scrollTo(0, y ?? 0); technical.querySelector("h1").focus({ preventScroll: true }); } else showOverview(comesFromPage, y);
      return;
    }
    const isSamePage = lastPath === route.path && shown;
    lastPath = route.path;
    let next;
    try {
      const own = albumSort.live()?.views?.[route.kind];
      if (own) {
        const box = el("div", {});
        next = { parts: [box], items: [], title: "", said: "", start: () => own(box, route.query) };
      } else next = await (route.kind === "duplicates" ? duplicatesPage(route) : wallPage(route));
    } catch (error) {
      next = { parts: [heading(t("missing_title"), t("missing_text", { file: String(error?.message ?? "") }))], items: [], said: "", start: () => null };
    }
    // somebody who was quicker than the disk is elsewhere by now
    if (mine !== turn) return;
    const focused = isSamePage && document.activeElement?.getAttribute("aria-label");
    leave();
    view.replaceChildren(...next.parts);
    shown = { items: next.items };
    shown.wall = next.start() ?? null;
    const title = view.querySelector("h1");
    document.title = title ? `${title.textContent} · ${pageTitle}` : pageTitle;
    say(next.said);
    window.scrollTo(0, y ?? 0);
    shown.wall?.redraw?.();
    // a filter that was used keeps the focus; a new page tells where one is
    const again = focused ? [...view.querySelectorAll("select, button")].find((one) => one.getAttribute("aria-label") === focused) : null;
    if (document.activeElement !== document.getElementById("search")) (again ?? title)?.focus({ preventScroll: true });
    showPhoto(route.query.get("photo"));
  }

  // On a narrow screen the newest years come first, as everywhere else.
  for (const chart of document.querySelectorAll(".chart .scroll")) chart.scrollLeft = chart.scrollWidth;
  technical.hidden = true;
  document.getElementById("search").hidden = false;
  // Before what the overview itself has: what nothing else leads to must not lie beyond the edge of a phone.
  for (const { label, href } of albumSort.live()?.links ?? []) document.querySelector('.bar nav a[href="#albums"]').before(el("a", { href }, label));
  search.start();
  router.onChange(show);
  if (window.location.hash || history.state) show(router.current());
  // What the overview has beyond its pictures waits until they are painted.
  // Without a limit a browser that paints nothing, as in a window behind others, would wait for ever.
  const later = (action) => (window.requestIdleCallback ? window.requestIdleCallback(action, { timeout: 300 }) : window.setTimeout(action, 50));
  later(() => photos.load().then(() => {
    fixes.start();
    const figure = document.getElementById("map");
    const draw = () => { if (figure && figure.clientWidth) map.draw(figure, photos.newestFirst, "#/all"); };
    if (overview.hidden) router.onChange(() => { if (!overview.hidden && !figure?.classList.contains("is-live")) draw(); });
    else draw();
  }, () => {}));
})();
