"use strict";
// One photo as large as the screen: arrows, swipe, keys, zoom, films, and what is known of it. The address holds which one is open.
(() => {
  const { page, source, photos, fixes, router } = albumSort;
  const { t, el, isolated, button, signButton, bytes, copyable, percents, dates } = albumSort.words;
  const dialog = document.getElementById("viewer");
  const MOST_ZOOM = 8;
  const SWIPE_PX = 60;
  let items = [];
  let at = -1;
  let infoIsOpen = false;
  let drawn = 0;
  let onLeave = () => {};

  // ---- words of one photo

  const instant = (local) => new Date(`${local}Z`);
  function when(card) {
    if (!card.t) return t("undated");
    if (card.tp === "day") return dates.day.format(instant(card.t));
    if (card.tp === "month") return dates.month.format(instant(card.t));
    if (card.tp === "year") return card.t.slice(0, 4);
    return dates.minute.format(instant(card.t));
  }

  // Only the file has a date: it says when it was copied, not when the photo was taken.
  const fileDate = (card) => (card.tf ? el("span", { class: "quiet" }, ` ${t("file_date", { when: dates.minute.format(instant(card.tf)) })}`) : null);

  function fact(name, ...value) {
    const content = value.filter((part) => part !== null && part !== undefined && part !== "" && part !== false);
    return content.length ? el("div", {}, el("dt", {}, name), el("dd", {}, ...content)) : null;
  }

  const listOf = (texts, name) => (texts?.length ? el("ul", {}, ...texts.map((text) => el("li", {}, isolated(text, name)))) : null);

  function bars(pairs, label, nameOf = (one) => one) {
    const list = el("ul", { class: "bars", "aria-label": label });
    for (const [name, probability] of pairs ?? []) {
      const fill = el("span", { class: "fill" });
      fill.style.setProperty("width", `${Math.max(2, probability * 100)}%`);
      list.append(el("li", {}, isolated(nameOf(name), "label"), el("span", { class: "number" }, percents.format(probability)),
        el("span", { class: "track", "aria-hidden": "true" }, fill)));
    }
    return list;
  }

  const link = (href, ...content) => el("a", { href }, ...content);

  function fileLink(card) {
    const shown = isolated(card.pv || card.p || "", "path");
    const address = source.fileAddress(card);
    return card.p ? (address ? el("a", { href: address, target: "_blank", rel: "noopener" }, shown) : shown) : null;
  }

  function details(position, card) {
    const { index } = photos;
    const album = photos.albumOf(position);
    const trip = index.trip[position];
    const place = index.place[position];
    const camera = index.camera[position];
    const size = [card.z && `${card.z[0]} × ${card.z[1]}`, card.b !== undefined && bytes(card.b)].filter(Boolean).join(" · ");
    return el("dl", {},
      fact(t("taken"), when(card), card.to ? ` ${card.to}` : "", card.t && card.ts ? el("span", { class: "quiet" }, ` ${card.ts}`) : fileDate(card)),
      fact(t("place"), place >= 0 && link(router.address("#/all", new URLSearchParams({ place: index.places[place][0] })), isolated(index.places[place][0])),
        card.lk ? el("span", { class: "quiet" }, ` ${t("distance", { km: card.lk })}`) : ""),
      fact(t("album"), link(router.pathOf("album", album.id), isolated(album.title)), index.sure[position] ? el("span", { class: "quiet" }, ` ${t("sure", { percent: percents.format(index.sure[position] / 100) })}`) : ""),
      fact(t("trip"), trip >= 0 && link(`#/trip/${trip}`, isolated(page.trips[trip].title))),
      fact(t("people"), listOf(card.people)),
      fact(t("why_here"), listOf(card.w)),
      fact(t("classes"), card.c && bars(card.c, t("classes"))),
      fact(t("camera"), camera >= 0 && link(router.address("#/all", new URLSearchParams({ camera: index.cameras[camera] })), isolated(index.cameras[camera]))),
      fact(t("file"), size),
      fact(t("source"), isolated(card.s, "path")),
      fact(t("filed_as"), fileLink(card), el("span", { class: "quiet" }, ` ${t(`action_${card.a}`)}`)),
      fact(t("also"), listOf(card.also, "path")),
      fact(t("members"), listOf(card.m, "path")));
  }

  function mending(position, card) {
    const { id } = photos.photo(position);
    const live = albumSort.live();
    const box = el("div", { class: "fix" });
    const line = el("div", {});
    const draw = async () => {
      const album = fixes.pending.get(id);
      line.replaceChildren();
      if (!album) return;
      if (!live?.fix) line.append(copyable(await fixes.command([[id, album]], [])));
      line.append(button(t("fix_undo"), () => { fixes.forget([id]); redraw(); }));
    };
    const redraw = () => { box.querySelector("select").value = fixes.pending.get(id) ?? ""; draw(); };
    box.append(fixes.chooser(t("fix_label"), (album) => { fixes.belongsTo([id], album); draw(); },
      { first: (card.g ?? []).map(([album]) => album), value: fixes.pending.get(id) ?? "" }), line);
    for (const { label, run } of live?.photoActions ?? []) box.append(button(label, () => run([id])));
    const stands = photos.albumOf(position).id;
    if (stands !== "review" && !page.isPreview) {
      const isNoted = () => String(fixes.covers.get(stands) === id);
      const cover = button(t("use_as_cover"), () => {
        if (live?.chooseCover) { live.chooseCover(stands, id); return; }
        fixes.chooseCover(stands, id);
        cover.setAttribute("aria-pressed", isNoted());
      }, live?.chooseCover ? {} : { "aria-pressed": isNoted() });
      box.append(cover);
    }
    draw();
    return box;
  }

  // ---- the picture and its zoom

  const zoom = { scale: 1, x: 0, y: 0 };
  let picture = null;

  function applyZoom() {
    picture?.style.setProperty("transform", `translate(${zoom.x}px, ${zoom.y}px) scale(${zoom.scale})`);
    dialog.classList.toggle("is-zoomed", zoom.scale > 1);
  }

  function zoomTo(scale, clientX, clientY) {
    if (!picture) return;
    const stage = picture.parentElement.getBoundingClientRect();
    const x = (clientX ?? stage.left + stage.width / 2) - stage.left - stage.width / 2;
    const y = (clientY ?? stage.top + stage.height / 2) - stage.top - stage.height / 2;
    const to = Math.min(MOST_ZOOM, Math.max(1, scale));
    const by = to / zoom.scale;
    zoom.x = x - (x - zoom.x) * by;
    zoom.y = y - (y - zoom.y) * by;
    zoom.scale = to;
    keepInside();
  }

  // No further than the picture's own edges.
  function keepInside() {
    const stage = picture.parentElement;
    const roomX = Math.max(0, (picture.offsetWidth * zoom.scale - stage.clientWidth) / 2);
    const roomY = Math.max(0, (picture.offsetHeight * zoom.scale - stage.clientHeight) / 2);
    zoom.x = Math.min(roomX, Math.max(-roomX, zoom.x));
    zoom.y = Math.min(roomY, Math.max(-roomY, zoom.y));
    applyZoom();
  }

  function fit(box, stage, ratio, most) {
    const height = Math.min(stage.clientHeight, stage.clientWidth / ratio, most ? most / Math.max(1, ratio) : Infinity);
    box.style.setProperty("width", `${Math.floor(height * ratio)}px`);
    box.style.setProperty("height", `${Math.floor(height)}px`);
  }

  function listenTo(stage) {
    const fingers = new Map();
    let start = null;
    let pinch = 0;
    stage.addEventListener("wheel", (event) => {
      event.preventDefault();
      zoomTo(zoom.scale * Math.exp(-event.deltaY / 400), event.clientX, event.clientY);
    }, { passive: false });
    stage.addEventListener("dblclick", (event) => { if (event.target.tagName !== "VIDEO") zoomTo(zoom.scale > 1 ? 1 : 3, event.clientX, event.clientY); });
    stage.addEventListener("pointerdown", (event) => {
      if (event.target.closest("button, a, video")) return;
      stage.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, event);
      if (fingers.size === 1) start = { x: event.clientX, y: event.clientY, panX: zoom.x, panY: zoom.y };
      pinch = 0;
    });
    stage.addEventListener("pointermove", (event) => {
      if (!fingers.has(event.pointerId)) return;
      fingers.set(event.pointerId, event);
      if (fingers.size === 2) {
        const [a, b] = [...fingers.values()];
        const distance = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
        if (pinch) zoomTo(zoom.scale * distance / pinch, (a.clientX + b.clientX) / 2, (a.clientY + b.clientY) / 2);
        pinch = distance;
        start = null;
      } else if (start && zoom.scale > 1) {
        zoom.x = start.panX + event.clientX - start.x;
        zoom.y = start.panY + event.clientY - start.y;
        keepInside();
      }
    });
    const lift = (event) => {
      if (start && zoom.scale === 1 && event.type === "pointerup") {
        const x = event.clientX - start.x;
        const y = event.clientY - start.y;
        if (Math.abs(x) > SWIPE_PX && Math.abs(x) > Math.abs(y)) step(x < 0 ? 1 : -1);
        else if (y > SWIPE_PX * 2 && y > Math.abs(x)) dialog.close();
      }
      fingers.delete(event.pointerId);
      start = null;
    };
    stage.addEventListener("pointerup", lift);
    stage.addEventListener("pointercancel", lift);
  }

  async function drawPicture(stage, photo, card, mine) {
    const small = await source.thumbnail(photo).catch(() => "");
    if (mine !== drawn) return;
    const ratio = photos.ratioOf(photo.position);
    const name = photos.alternative(photo.position);
    const { large, film } = source.large(photo, card);
    picture = null;
    Object.assign(zoom, { scale: 1, x: 0, y: 0 });
    applyZoom();
    const say = (text) => stage.append(el("p", { class: "told" }, text, " ", source.fileAddress(card) ? el("a", { href: source.fileAddress(card), target: "_blank", rel: "noopener" }, t("open_file")) : null));
    if (film) {
      const video = el("video", { controls: "controls", playsinline: "playsinline", preload: "metadata", "aria-label": name });
      // a poster of its own first frame, where one was kept
      if (large || small) video.setAttribute("poster", large || small);
      video.src = large || small ? film : `${film}#t=0.1`;
      video.addEventListener("error", () => { video.classList.add("is-mute"); say(t("film_not_played")); }, { once: true });
      stage.replaceChildren(video);
      return;
    }
    const box = el("div", { class: "picture" });
    const image = (address, className) => {
      const element = el("img", { class: className, draggable: "false" });
      element.setAttribute("alt", className === "small" && large ? "" : name);
      element.src = address;
      return element;
    };
    stage.replaceChildren(box);
    picture = box;
    const only = () => {
      fit(box, stage, ratio, 256);
      if (!small) box.append(el("span", { class: "blank", role: "img", "aria-label": name }));
      if (!page.photosBase && !page.data) say(t("only_small_preview"));
      else say(photo.isNotShown ? t("only_small") : t("not_there"));
    };
    fit(box, stage, ratio, large ? 0 : 256);
    if (small) box.append(image(small, "small"));
    if (!large) { only(); return; }
    const full = image(large, "full");
    full.addEventListener("load", () => {
      if (mine !== drawn) return;
      fit(box, stage, full.naturalWidth / full.naturalHeight, 0);
      box.classList.add("is-sharp");
      preload(at + 1);
    }, { once: true });
    full.addEventListener("error", () => { if (mine === drawn) { full.remove(); only(); } }, { once: true });
    box.append(full);
  }

  // The next one is on its way while this one is looked at.
  async function preload(next) {
    const photo = items[next] === undefined ? null : photos.photo(items[next]);
    if (!photo || photo.isFilm) return;
    const { large } = source.large(photo, await source.card(photo.position).catch(() => ({})));
    if (large) new Image().src = large;
  }

  // ---- the dialog

  function step(by) {
    const to = at + by;
    if (to >= 0 && to < items.length) router.change({ photo: photos.idOf(items[to]) }, { replace: true });
  }

  function head(position) {
    const steps = items.length > 1;
    return el("div", { class: "head" },
      el("p", { class: "where" }, el("span", { class: "number" }, t("photo_of", { n: at + 1, of: items.length })), " ", el("span", {}, photos.whenOf(position))),
      el("div", { class: "tools" },
        signButton("minus", t("zoom_out"), () => zoomTo(zoom.scale / 1.5)),
        signButton("plus", t("zoom_in"), () => zoomTo(zoom.scale * 1.5)),
        signButton("info", t("info"), toggleInfo, { class: "about-photo", "aria-pressed": String(infoIsOpen), "aria-keyshortcuts": "i" }),
        steps && signButton("previous", t("previous"), () => step(-1), { class: "previous", ...(at === 0 && { disabled: "disabled" }) }),
        steps && signButton("next", t("next"), () => step(1), { class: "next", ...(at === items.length - 1 && { disabled: "disabled" }) }),
        signButton("close", t("close"), () => dialog.close(), { class: "shut" })));
  }

  function toggleInfo() {
    infoIsOpen = !infoIsOpen;
    draw();
  }

  async function draw() {
    const mine = drawn += 1;
    const position = items[at];
    const photo = photos.photo(position);
    // the same button again, for whoever goes on with Enter or the space bar
    const used = ["previous", "next", "about-photo"].find((name) => dialog.querySelector(`.${name}`) === document.activeElement);
    const stage = el("div", { class: "stage" });
    const panel = infoIsOpen ? el("aside", { class: "details", "aria-label": t("info") }) : null;
    dialog.replaceChildren(...[head(position), el("h2", { id: "viewer-title", class: "unseen" }, isolated(photos.index.name[position])),
      el("div", { class: "pane" }, ...[stage, panel].filter(Boolean))]);
    listenTo(stage);
    if (!dialog.open) dialog.showModal();
    const again = dialog.querySelector(`.${used ?? "shut"}`);
    (again && !again.disabled ? again : dialog.querySelector(".shut")).focus({ preventScroll: true });
    let card;
    try {
      card = await source.card(position);
    } catch (error) {
      if (mine === drawn) stage.replaceChildren(el("p", { class: "told" }, t("missing_text", { file: String(error.message) })));
      return;
    }
    if (mine !== drawn) return;
    panel?.append(el("p", { class: "title" }, isolated(photos.index.name[position])), details(position, card), ...(fixes.isPossible ? [mending(position, card)] : []));
    await drawPicture(stage, photo, card, mine);
  }

  dialog.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || ["SELECT", "INPUT"].includes(event.target.tagName)) return;
    const isFilm = event.target.tagName === "VIDEO";
    const act = {
      ArrowLeft: () => !isFilm && step(-1), ArrowRight: () => !isFilm && step(1), Home: () => step(-at), End: () => step(items.length - 1 - at),
      i: toggleInfo, "+": () => zoomTo(zoom.scale * 1.5), "=": () => zoomTo(zoom.scale * 1.5), "-": () => zoomTo(zoom.scale / 1.5), 0: () => zoomTo(1),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  dialog.addEventListener("close", () => {
    drawn += 1;
    dialog.replaceChildren();
    onLeave(items[at]);
    const { path, query } = router.current();
    if (query.has("photo")) {
      query.delete("photo");
      router.leave(path, query);
    }
  });
  window.addEventListener("resize", () => { if (dialog.open && picture) draw(); });

  // Shows the photo of this id among these; `onClose` gets the one that was last seen.
  function show(id, among, onClose = () => {}) {
    const position = photos.positionOf(id);
    if (position < 0) return;
    onLeave = onClose;
    items = among.includes(position) ? among : [position];
    const to = items.indexOf(position);
    if (dialog.open && to === at && items[at] === position && dialog.childElementCount) return;
    at = to;
    draw();
  }

  function hide() {
    if (dialog.open) dialog.close();
  }

  albumSort.viewer = { show, hide, details, bars, when, get isOpen() { return dialog.open; } };
})();
