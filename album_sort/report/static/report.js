"use strict";
// Shows the photos of a report page by page. It works from file:// without any network: cards come from data blocks in the page, or
// from script files beside it. Text is only ever set as text; the page's policy forbids everything else.
(() => {
  const PAGE = 60;
  const index = JSON.parse(document.getElementById("index").textContent);
  const overview = document.getElementById("overview");
  const view = document.getElementById("view");
  const dialog = document.getElementById("photo");
  const status = document.getElementById("status");
  const locale = index.language === "zh" ? "zh-CN" : index.language;
  const numbers = new Intl.NumberFormat(locale);
  const percents = new Intl.NumberFormat(locale, { style: "percent" });
  const minutes = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });
  const days = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" });
  const months = new Intl.DateTimeFormat(locale, { year: "numeric", month: "long", timeZone: "UTC" });
  const years = new Intl.DateTimeFormat(locale, { year: "numeric", timeZone: "UTC" });
  const pageTitle = document.title;

  // ---- words and elements

  function t(key, values = {}) {
    const form = values.n === 1 && `${key}.one` in index.words ? `${key}.one` : key;
    return index.words[form].replace(/\{(\w+)\}/g, (_, name) =>
      typeof values[name] === "number" ? numbers.format(values[name]) : values[name]);
  }

  function el(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== undefined && value !== "") element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return element;
  }

  const isolated = (text, name) => el("bdi", { class: name }, text);

  function button(text, action, attributes = {}) {
    const element = el("button", { type: "button", ...attributes }, text);
    element.addEventListener("click", action);
    return element;
  }

  // ---- thumbnails and cards

  // The picture comes when its pack has been read; until then the frame is empty.
  function thumbnail(photo, alt) {
    const image = el("img", { decoding: "async" });
    image.setAttribute("alt", alt);
    const blank = () => image.replaceWith(el("span", { class: "blank", ...(alt && { role: "img", "aria-label": alt }) }));
    load(`thumbnails-${photo.pack}`).then((pack) => {
      if (pack[photo.slot]) image.src = `data:image/jpeg;base64,${pack[photo.slot]}`;
      else blank();
    }, blank);
    return image;
  }

  // Data by name, the most recently used last; packs of pictures are dropped again when there are many.
  const loaded = new Map();
  const waiting = new Map();
  const KEPT = 200;
  const scriptUrls = window.trustedTypes && index.files
    ? window.trustedTypes.createPolicy("album-sort", { createScriptURL: (url) => url })
    : { createScriptURL: (url) => url };

  window.albumSortData = (name, data) => {
    loaded.set(name, Promise.resolve(data));
    waiting.get(name)?.(data);
    waiting.delete(name);
  };

  // `name` is made of a fixed word and a number of ours: no text from a photo ever becomes part of a script's address.
  function load(name) {
    const known = loaded.get(name);
    const data = known || (index.files ? loadFile(name) : Promise.resolve(JSON.parse(document.getElementById(name).textContent)));
    loaded.delete(name);
    loaded.set(name, data);
    if (loaded.size > KEPT) loaded.delete(loaded.keys().next().value);
    return data;
  }

  function loadFile(name) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      waiting.set(name, resolve);
      script.src = scriptUrls.createScriptURL(`${index.files}/${name}.js`);
      script.addEventListener("load", () => script.remove());
      script.addEventListener("error", () => {
        script.remove();
        loaded.delete(name);
        waiting.delete(name);
        reject(new Error(`${index.files}/${name}.js`));
      });
      document.head.append(script);
    });
  }

  // The photos of these runs ([album, first, how many from there backwards] each), from the `from`th on, `count` of them.
  async function loadCards(runs, from, count) {
    const wanted = [];
    for (const [album, first, length] of runs) {
      for (let i = Math.max(0, from); i < length && wanted.length < count; i += 1) wanted.push([album, first - i]);
      from = Math.max(0, from - length);
      if (wanted.length === count) break;
    }
    return loadAt(wanted);
  }

  // An album is shown as it lies: newest first.
  async function loadAlbum(album, from, count) {
    const end = Math.min(from + count, index.albums[album].count);
    return loadAt(Array.from({ length: Math.max(0, end - from) }, (_, i) => [album, from + i]));
  }

  function loadAt(wanted) {
    return Promise.all(wanted.map(async ([album, position]) => {
      const { chunk, pack, id } = index.albums[album];
      const cards = await load(`photos-${chunk + Math.floor(position / index.chunkCards)}`);
      return {
        ...cards[position % index.chunkCards],
        album: id,
        pack: pack + Math.floor(position / index.packThumbnails),
        slot: position % index.packThumbnails,
      };
    }));
  }

  // ---- one photo in words

  const instant = (local) => new Date(`${local}Z`);

  function when(card) {
    if (!card.t) return t("undated");
    if (card.tp === "day") return days.format(instant(card.t));
    if (card.tp === "month") return months.format(instant(card.t));
    if (card.tp === "year") return card.t.slice(0, 4);
    return minutes.format(instant(card.t));
  }

  const fileName = (path) => path.slice(path.lastIndexOf("/") + 1);

  function alternative(card) {
    return t("alt", { label: card.c ? card.c[0][0] : fileName(card.s), when: when(card) });
  }

  // Only the file has a date: it says when it was copied, not when the photo was taken.
  function fileDate(card) {
    return card.tf ? el("span", { class: "quiet" }, ` ${t("file_date", { when: minutes.format(instant(card.tf)) })}`) : null;
  }

  const albumTitle = (id) => (Object.hasOwn(index.titles, id) ? index.titles[id] : id);

  function bars(classes) {
    const list = el("ul", { class: "bars", "aria-label": t("classes") });
    for (const [label, probability] of classes || []) {
      const fill = el("span", { class: "fill" });
      fill.style.setProperty("width", `${Math.max(2, probability * 100)}%`);
      list.append(el("li", {}, isolated(label, "label"), el("span", { class: "number" }, percents.format(probability)),
        el("span", { class: "track", "aria-hidden": "true" }, fill)));
    }
    return list;
  }

  // A command line that can be pasted as it is: Python has quoted what plain quotes cannot hold.
  function fixLine(card, album) {
    return `${index.program} fix ${card.q || `'${card.s}'`} --album ${album} --out ${index.out}`;
  }

  // An option is never torn apart at its hyphens; a long path may be.
  function setLine(code, text) {
    code.replaceChildren(...text.split(/( --[a-z]+ )/).map((part, n) => (n % 2 ? el("span", { class: "option" }, part) : part)));
  }

  function copyable(text) {
    const code = el("code", { class: "line" });
    setLine(code, text);
    const copy = button(t("copy"), async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        copy.textContent = t("copied");
        status.textContent = t("copied");
      } catch {
        // file:// pages of some browsers have no clipboard: leave the line marked, ready for the keyboard
        window.getSelection().selectAllChildren(code);
      }
    }, { class: "copy" });
    return { code, box: el("div", { class: "command" }, code, copy) };
  }

  // ---- lists

  function card(photo, position, open) {
    const box = el("li", { class: "photo" });
    const opener = button("", () => open(position), { class: "frame", "aria-label": t("open_photo", { name: alternative(photo) }) });
    opener.append(thumbnail(photo, ""));
    const place = photo.l ? el("span", {}, isolated(photo.l)) : null;
    box.append(opener, el("div", { class: "about" },
      el("p", { class: "when" }, el("span", {}, when(photo)), place),
      photo.n && index.marksNew ? el("p", {}, el("span", { class: "chip new" }, t("new_mark"))) : null,
      bars(photo.c),
      photo.w ? el("p", { class: "reason" }, isolated(photo.w[0])) : null));
    return box;
  }

  function reviewCard(photo, position, open) {
    const box = card(photo, position, open);
    box.className = "photo review";
    const guesses = (photo.g || []).map(([album]) => album);
    const about = box.querySelector(".about");
    about.prepend(el("p", { class: "source" }, isolated(photo.s, "path")));
    if (guesses.length) {
      about.append(el("p", { class: "guesses" }, t("guesses"), " ",
        ...photo.g.map(([album, score]) => el("span", { class: "chip" }, isolated(albumTitle(album)), ` ${percents.format(score)}`))));
    }
    for (const album of guesses) about.append(copyable(fixLine(photo, album)).box);
    if (!guesses.length) about.append(fixBox(photo) ?? copyable(fixLine(photo, "ALBUM")).box);
    return box;
  }

  function duplicateCard(photo, position, open) {
    const box = card(photo, position, open);
    box.className = "photo review";
    const size = photo.b === undefined ? null : el("span", { class: "quiet" }, ` (${bytes(photo.b)})`);
    const kept = photo.d ? el("span", { class: "quiet" }, ` ${t("same_as")} `, isolated(photo.d, "path")) : null;
    const stored = photo.p ? el("span", { class: "quiet" }, ` · ${t("stored_as")} `, isolated(photo.pv || photo.p, "path")) : null;
    const linked = photo.d && photo.f === 0 ? el("span", { class: "quiet" }, ` ${t("same_file")}`) : null;
    box.querySelector(".about").prepend(el("p", { class: "source" }, isolated(photo.s, "path"), size, kept, stored, linked));
    return box;
  }

  // In thousands, as file managers and disks count.
  function bytes(count) {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let value = count;
    let unit = 0;
    while (value >= 1000 && unit < units.length - 1) {
      value /= 1000;
      unit += 1;
    }
    return `${new Intl.NumberFormat(locale, { maximumFractionDigits: unit ? 1 : 0 }).format(value)} ${units[unit]}`;
  }

  function pager(page, pages, go, label = t("pages")) {
    if (pages < 2) return "";
    const shown = new Set([0, pages - 1, page - 2, page - 1, page, page + 1, page + 2].filter((n) => n >= 0 && n < pages));
    const nav = el("nav", { class: "pager", "aria-label": label });
    nav.append(button("←", () => go(page - 1), { "aria-label": t("previous"), ...(page === 0 && { disabled: "disabled" }) }));
    let last = -1;
    for (const number of [...shown].sort((a, b) => a - b)) {
      if (number > last + 1) nav.append(el("span", { "aria-hidden": "true" }, "…"));
      nav.append(button(numbers.format(number + 1), () => go(number), {
        "aria-label": t("page", { n: number + 1 }), ...(number === page && { "aria-current": "page" }) }));
      last = number;
    }
    nav.append(button("→", () => go(page + 1), { "aria-label": t("next"), ...(page === pages - 1 && { disabled: "disabled" }) }));
    return nav;
  }

  function heading(title, note) {
    return el("header", { class: "viewhead" },
      el("p", {}, el("a", { class: "back", href: BACK }, `← ${t("back")}`)),
      el("h1", { tabindex: "-1" }, isolated(title)),
      note ? el("p", { class: "lead" }, note) : null);
  }

  // Months where they have enough photos for a row of their own, else years.
  function headingsOf(photos) {
    const byMonth = photos.map((photo) => (photo.t ? months.format(instant(photo.t)) : t("undated")));
    if (new Set(byMonth).size * 4 <= photos.length) return byMonth;
    return photos.map((photo) => (photo.t ? years.format(instant(photo.t)) : t("undated")));
  }

  // Shows photos page by page; the page number is part of the address, so that the browser's back button works.
  async function photosPage({ route, title, note, count, photosFrom, page, draw = card, listClass = "grid", byMonth = true }) {
    const pages = Math.max(1, Math.ceil(count / PAGE));
    page = Math.min(Math.max(0, page), pages - 1);
    const photos = await photosFrom(page * PAGE);
    const open = (position) => showDialog(photos, position);
    const go = (number) => { window.location.hash = `${route}?${number + 1}`; };
    const body = el("div", {});
    const headings = byMonth ? headingsOf(photos) : photos.map(() => "");
    let list = null;
    photos.forEach((photo, position) => {
      if (position === 0 || headings[position] !== headings[position - 1]) {
        if (headings[position]) body.append(el("h2", { class: "month" }, headings[position]));
        list = body.appendChild(el("ul", { class: listClass }));
      }
      list.append(draw(photo, position, open));
    });
    return {
      parts: [heading(title, note ?? t("photos", { n: count })), pager(page, pages, go), body, pager(page, pages, go, t("pages_below"))],
      said: t("page_of", { page: page + 1, pages }),
    };
  }

  async function burstsPage(page) {
    const size = 20;
    const bursts = await load("bursts");
    const pages = Math.max(1, Math.ceil(bursts.length / size));
    page = Math.min(Math.max(0, page), pages - 1);
    const go = (number) => { window.location.hash = `#/similar?${number + 1}`; };
    const body = el("div", {});
    for (const runs of bursts.slice(page * size, (page + 1) * size)) {
      const photos = await loadCards(runs, 0, PAGE);
      const list = el("ul", { class: "grid small" });
      photos.forEach((photo, position) => list.append(card(photo, position, (n) => showDialog(photos, n))));
      body.append(el("h2", { class: "month" }, when(photos[0])), list);
    }
    return {
      parts: [heading(t("bursts_title"), t("bursts_text", { n: bursts.length })), pager(page, pages, go), body,
        pager(page, pages, go, t("pages_below"))],
      said: t("page_of", { page: page + 1, pages }),
    };
  }

  // ---- one photo, large

  function fact(name, ...value) {
    const content = value.filter((part) => part !== null && part !== undefined && part !== "");
    return content.length ? el("div", {}, el("dt", {}, name), el("dd", {}, ...content)) : null;
  }

  function listOf(texts, name) {
    return texts && texts.length ? el("ul", {}, ...texts.map((text) => el("li", {}, isolated(text, name)))) : null;
  }

  // A file name that is not UTF-8 has no address that every browser understands: it stays text.
  function linked(photo, shown) {
    if (!photo.p || !index.photosBase || /[\ud800-\udfff]/.test(photo.p.replace(/[\ud800-\udbff][\udc00-\udfff]/g, ""))) return shown;
    const address = index.photosBase + photo.p.split("/").map(encodeURIComponent).join("/");
    return el("a", { href: address, target: "_blank", rel: "noopener" }, shown);
  }

  const photoLink = (photo) => (photo.p ? linked(photo, isolated(photo.pv || photo.p, "path")) : null);
  function largePicture(photo) {
    const small = thumbnail(photo, alternative(photo));
    const words = t("open_file");
    const link = linked(photo, words);
    return el("div", { class: "large" }, linked(photo, small), link === words ? null : link);
  }

  // A label needs an id of its own for each choice on a page.
  let boxes = 0;
  function fixBox(photo) {
    const ids = Object.keys(index.titles).filter((id) => id !== "review" && id !== photo.album);
    if (!ids.length) return null;
    const guessed = (photo.g || []).map(([album]) => album).filter((album) => album !== photo.album);
    const choices = [...new Set([...guessed, ...ids])];
    const { code, box } = copyable(fixLine(photo, choices[0]));
    const id = `fix-${boxes += 1}`;
    const select = el("select", { id }, ...choices.map((id) => el("option", { value: id }, albumTitle(id))));
    select.addEventListener("change", () => { setLine(code, fixLine(photo, select.value)); });
    return el("div", { class: "fix" }, el("label", { for: id }, t("fix_label")), " ", select, box);
  }

  function showDialog(photos, position) {
    const photo = photos[position];
    const step = (by) => { if (photos[position + by]) showDialog(photos, position + by); };
    const where = photo.l ? `${photo.l}${photo.lk ? ` (${t("distance", { km: photo.lk })})` : ""}` : "";
    // the same button again, for whoever goes on with Enter or the space bar
    const used = ["previous", "next"].find((name) => dialog.querySelector(`.${name}`) === document.activeElement);
    const details = el("div", { class: "details" },
      el("h2", { id: "photo-title" }, isolated(fileName(photo.s))),
      el("dl", {},
        fact(t("album"), isolated(photo.al || albumTitle(photo.album))),
        fact(t("taken"), when(photo), photo.to ? ` ${photo.to}` : "", photo.t && photo.ts ? el("span", { class: "quiet" }, ` ${photo.ts}`) : fileDate(photo)),
        fact(t("place"), where && isolated(where)),
        fact(t("trip"), photo.r && isolated(photo.r)),
        fact(t("why_here"), listOf(photo.w)),
        fact(t("classes"), photo.c && bars(photo.c)),
        fact(t("source"), isolated(photo.s, "path")),
        fact(t("filed_as"), photoLink(photo), el("span", { class: "quiet" }, ` ${t(`action_${photo.a}`)}`)),
        fact(t("also"), listOf(photo.also, "path")),
        fact(t("members"), listOf(photo.m, "path"))),
      fixBox(photo));
    const shut = button("×", () => dialog.close(), { class: "shut", "aria-label": t("close") });
    const previous = button("←", () => step(-1), { class: "previous", "aria-label": t("previous"), ...(position === 0 && { disabled: "disabled" }) });
    const next = button("→", () => step(1), { class: "next", "aria-label": t("next"), ...(position === photos.length - 1 && { disabled: "disabled" }) });
    dialog.replaceChildren(el("div", { class: "pane" }, largePicture(photo), details),
      el("div", { class: "tools" }, previous, next, shut));
    dialog.onkeydown = (event) => {
      if (event.target.tagName === "SELECT") return;
      if (event.key === "ArrowLeft") step(-1);
      if (event.key === "ArrowRight") step(1);
    };
    if (!dialog.open) dialog.showModal();
    const again = { previous, next }[used];
    (again && !again.disabled ? again : shut).focus();
  }

  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });

  // ---- addresses: "#/album/pets?2" is the second page of an album

  function albumPhotos(id) {
    const number = index.albums.findIndex((album) => album.id === id);
    if (number < 0) return { count: 0, photosFrom: async () => [] };
    const { count, twins } = index.albums[number];
    return { count, note: twins ? countWithTwins(count, twins) : undefined, photosFrom: (from) => loadAlbum(number, from, PAGE) };
  }

  // The numbers of the overview count each file; a page shows what is stored once only once.
  function countWithTwins(count, twins) {
    return el("span", {}, `${t("photos", { n: count + twins })}${t("totals_comma")}`,
      el("a", { href: "#/duplicates" }, t("of_them_duplicates", { n: twins })));
  }

  async function tripPhotos(number) {
    if (!Object.hasOwn(index.trips, number)) return { title: t("trip"), count: 0, photosFrom: async () => [] };
    const runs = await load(`trip-${Number(number)}`);
    const count = runs.reduce((sum, run) => sum + run[2], 0);
    return { title: index.trips[number], count, photosFrom: (from) => loadCards(runs, from, PAGE) };
  }

  async function pageAt(route, kind, name, page) {
    if (kind === "album" && name !== "review") {
      return photosPage({ route, title: albumTitle(name), ...albumPhotos(name), page });
    }
    if (kind === "trip") return photosPage({ route, ...(await tripPhotos(name)), page, byMonth: false });
    if (kind === "new") {
      const runs = await load("new");
      const count = runs.reduce((sum, run) => sum + run[2], 0);
      return photosPage({ route, title: t("new_title"), count, photosFrom: (from) => loadCards(runs, from, PAGE), page, byMonth: false });
    }
    if (kind === "review" || kind === "album") {
      const { note, count, photosFrom } = albumPhotos("review");
      const help = el("span", {}, note ?? t("photos", { n: count }), el("br"), t("review_help"));
      return photosPage({ route, title: t("review_title"), note: help, count, photosFrom, page, draw: reviewCard, listClass: "rows",
        byMonth: false });
    }
    if (kind === "duplicates") {
      const { count, photosFrom } = albumPhotos(" duplicates");
      const free = index.freed ? ` ${t("duplicates_free", { size: bytes(index.freed) })}` : "";
      const note = el("span", {}, `${t("duplicates_text", { n: count })}${free}`);
      return photosPage({ route, title: t("duplicates_title"), note, count, photosFrom, page, draw: duplicateCard, listClass: "rows",
        byMonth: false });
    }
    return burstsPage(page);
  }

  // Where one was is kept with each entry of the browser's history: the browser itself loses it when the overview takes the place of a
  // page, and going back from an album would end anywhere.
  const BACK = "#back";
  let settling = 0;
  let turn = 0;
  let lastRoute = "";

  function keepPlace() {
    window.clearTimeout(settling);
    if (history.state?.y !== window.scrollY) history.replaceState({ y: window.scrollY }, "");
  }

  function keepPlaceSoon() {
    window.clearTimeout(settling);
    settling = window.setTimeout(keepPlace, 150);
  }

  function showOverview(comesFromPage, y) {
    const links = comesFromPage ? [...overview.querySelectorAll("a[href]")].filter((one) => one.getAttribute("href") === lastRoute) : [];
    // of a trip the tile, which comes after its mark on the map
    const link = links.pop();
    link?.focus({ preventScroll: true });
    if (y !== undefined) window.scrollTo(0, y);
    else if (window.location.hash === BACK && link) link.scrollIntoView({ block: "center" });
    else if (comesFromPage) (document.getElementById(window.location.hash.slice(1)) ?? overview).scrollIntoView();
  }

  async function show() {
    // the skip link moves the focus, not the page
    if (window.location.hash === "#main") return;
    window.clearTimeout(settling);
    const mine = turn += 1;
    const y = history.state?.y;
    const [route, page] = window.location.hash.split("?");
    const parts = route.split("/");
    let name = "";
    try { name = decodeURIComponent(parts[2] || ""); } catch { /* a mangled address shows nothing */ }
    const isView = parts[0] === "#" && parts.length > 1;
    dialog.close();
    const comesFromPage = overview.hidden;
    overview.hidden = isView;
    view.hidden = !isView;
    if (!isView) {
      view.replaceChildren();
      document.title = pageTitle;
      showOverview(comesFromPage, y);
      return;
    }
    lastRoute = route;
    let shown;
    try {
      shown = await pageAt(route, parts[1], name, (Number.parseInt(page, 10) || 1) - 1);
    } catch (error) {
      shown = { parts: [heading(t("missing_title"), t("missing_text", { file: String(error.message) }))], said: "" };
    }
    // somebody who was quicker than the disk is elsewhere by now
    if (mine !== turn) return;
    view.replaceChildren(...shown.parts);
    const title = view.querySelector("h1");
    document.title = `${title.textContent} · ${pageTitle}`;
    status.textContent = shown.said;
    window.scrollTo(0, y ?? 0);
    title.focus({ preventScroll: true });
  }

  // On a narrow screen the newest years come first, as everywhere else.
  for (const chart of document.querySelectorAll(".chart .scroll")) chart.scrollLeft = chart.scrollWidth;

  history.scrollRestoration = "manual";
  document.addEventListener("click", keepPlace, { capture: true });
  window.addEventListener("scroll", keepPlaceSoon, { passive: true });
  window.addEventListener("hashchange", show);
  if (window.location.hash || history.state) show();
})();
