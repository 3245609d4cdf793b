"use strict";
// Which photos a wall shows: words over everything that has a name, and filters with counts. The address holds all of it.
(() => {
  const { page, photos, router } = albumSort;
  const { t, el, option, button, isolated } = albumSort.words;

  // What no class is called by itself: breeds and kinds by their common name.
  const GROUPS = [
    [["dog", "dogs", "puppy", "狗", "犬", "小狗"], [[151, 268]]],
    [["cat", "cats", "kitten", "猫", "小猫"], [[281, 285]]],
    [["bird", "birds", "鸟"], [[7, 24], [80, 100], [127, 146]]],
    [["fish", "鱼"], [[0, 6], [389, 397]]],
    [["snake", "snakes", "蛇"], [[52, 68]]],
    [["monkey", "ape", "猴", "猿"], [[365, 384]]],
    [["bear", "熊"], [[294, 297]]],
    [["butterfly", "蝴蝶"], [[321, 326]]],
    [["car", "cars", "汽车", "轿车"], [[436, 436], [468, 468], [511, 511], [609, 609], [627, 627], [656, 656], [661, 661], [705, 705], [751, 751], [817, 817]]],
    [["boat", "ship", "船"], [[472, 472], [484, 484], [510, 510], [554, 554], [576, 576], [625, 625], [628, 628], [814, 814], [871, 871], [914, 914]]],
    [["fruit", "水果"], [[948, 957]]],
    [["mushroom", "蘑菇"], [[947, 947], [991, 997]]],
  ];

  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const words = (text) => ` ${plain(text).replace(/[^\p{L}\p{N}]+/gu, " ")} `;
  // A Latin word is found by its beginning; where no spaces part words, anywhere.
  const isIn = (token, text) => (/[^\x00-\u02ff]/.test(token) ? text.includes(token) : text.includes(` ${token}`));

  const monthNames = [...Array(12).keys()].map((month) => {
    const day = new Date(Date.UTC(2000, month, 1));
    const said = ["en", "zh-CN", albumSort.words.locale].flatMap((locale) => ["long", "short"].map((style) =>
      plain(new Intl.DateTimeFormat(locale, { month: style, timeZone: "UTC" }).format(day)).replace(/\./g, "")));
    return new Set(said);
  });

  const lower = [];
  function nameOf(position) {
    lower[position] ??= plain(photos.index.name[position]);
    return lower[position];
  }

  // The numbers of the entries of a table in which a word is found.
  const found = (table, token, textOf) => new Set(table.flatMap((entry, number) => (isIn(token, words(textOf(entry))) ? [number] : [])));

  function wordMatcher(token) {
    const { index } = photos;
    const tests = [];
    if (/^\d{4}$/.test(token)) {
      const year = Number(token);
      tests.push((i) => isWithin(photos.monthOf(i), [year * 12, year * 12 + 11]));
    }
    const span = /^\d{4}-\d{1,2}$/.test(token) ? spanOf(token) : null;
    if (span) tests.push((i) => isWithin(photos.monthOf(i), span));
    const month = monthNames.findIndex((names) => names.has(token));
    if (month >= 0) tests.push((i) => { const own = photos.monthOf(i); return own !== null && own % 12 === month; });
    const albums = found(page.albums, token, (album) => [album.title, ...album.also].join(" "));
    const trips = found(page.trips, token, (trip) => `${trip.title} ${trip.relative}`);
    const places = found(index.places, token, ([name]) => name);
    const cameras = found(index.cameras, token, (name) => name);
    const persons = found(index.persons, token, (name) => name);
    const group = GROUPS.find(([names]) => names.includes(token));
    // "dog" is no hot dog
    const classes = new Set(group ? [] : Object.entries(index.classNames).flatMap(([number, names]) => (isIn(token, words(names.join(" / "))) ? [Number(number)] : [])));
    for (const [first, last] of group?.[1] ?? []) for (let number = first; number <= last; number += 1) classes.add(number);
    if (albums.size) tests.push((i) => albums.has(index.album[i]));
    if (trips.size) tests.push((i) => trips.has(index.trip[i]));
    if (places.size) tests.push((i) => places.has(index.place[i]));
    if (cameras.size) tests.push((i) => cameras.has(index.camera[i]));
    if (persons.size) tests.push((i) => index.people[i]?.some((person) => persons.has(person)));
    if (classes.size) tests.push((i) => photos.classesOf(i).some((seen) => classes.has(seen)));
    tests.push((i) => nameOf(i).includes(token));
    return (i) => tests.some((test) => test(i));
  }

  // All words have to fit; each may fit anything.
  function textMatcher(text) {
    const spaced = plain(text).replace(/(\d{4})\s*年\s*(?:(\d{1,2})\s*月)?/g, (_, year, month) => ` ${year} ${month ? `${Number(month)}月` : ""} `);
    const tests = spaced.split(/[\s,，、]+/).filter(Boolean).map(wordMatcher);
    return (i) => tests.every((test) => test(i));
  }

  // "2023", "2023-07", "2023-07..2023-09" as months that can be compared.
  function spanOf(text) {
    const ends = text.split("..").map((part) => /^(\d{4})(?:-(\d{1,2}))?$/.exec(part));
    if (ends.some((end) => !end) || ends.length > 2) return null;
    const first = ends[0];
    const last = ends[ends.length - 1];
    return [Number(first[1]) * 12 + (first[2] ? Number(first[2]) - 1 : 0), Number(last[1]) * 12 + (last[2] ? Number(last[2]) - 1 : 11)];
  }
  const isWithin = (month, span) => month !== null && month >= span[0] && month <= span[1];

  // "south,west,north,east" in degrees: a cluster of the map.
  function areaOf(text) {
    const edges = text.split(",").map(Number);
    return text && edges.length === 4 && edges.every(Number.isFinite) ? edges : null;
  }
  const isInArea = ([, , lat, lon], [south, west, north, east]) =>
    lat !== undefined && lat >= south && lat <= north && lon >= west && lon <= east;

  function whenName(text) {
    const span = spanOf(text);
    if (!span) return text;
    if (span[0] % 12 === 0 && span[1] === span[0] + 11) return String(span[0] / 12);
    const names = [...new Set(span.map((month) => photos.monthName(month)))];
    return names.join(" – ");
  }

  // ---- filters: what is chosen in an address, and how many photos each choice has

  const MARKS = [["new", "NEW"], ["damaged", "DAMAGED"], ["hand", "BY_HAND"], ["films", "FILM"]];

  function testsOf(query) {
    const { index } = photos;
    const tests = { };
    const q = query.get("q");
    if (q) tests.q = textMatcher(q);
    const span = query.get("when") ? spanOf(query.get("when")) : null;
    if (span) tests.when = (i) => isWithin(photos.monthOf(i), span);
    if (query.get("when") === "none") tests.when = (i) => index.time[i] === null;
    const album = query.get("album");
    if (album) tests.album = (i) => photos.albumOf(i).id === album;
    if (query.get("trip")) { const trip = Number(query.get("trip")); tests.trip = (i) => index.trip[i] === trip; }
    if (query.get("camera")) { const camera = index.cameras.indexOf(query.get("camera")); tests.camera = (i) => index.camera[i] === camera; }
    if (query.get("place")) {
      const place = index.places.findIndex(([name]) => name === query.get("place"));
      tests.place = (i) => index.place[i] === place;
    }
    const area = areaOf(query.get("area") ?? "");
    if (area) {
      const inside = index.places.map((place) => isInArea(place, area));
      tests.area = (i) => inside[index.place[i]] === true;
    }
    const only = (query.get("only") ?? "").split(",");
    for (const [name, flag] of MARKS) if (only.includes(name)) tests[name] = (i) => photos.isFlagged(i, photos.flags[flag]);
    return tests;
  }

  // One pass: what fits all; and what fits all but one test counts for the choices of that one.
  function filter(base, query) {
    const { index } = photos;
    const tests = Object.entries(testsOf(query));
    const counts = { when: new Map(), album: new Map(), trip: new Map(), camera: new Map(), place: new Map(), new: 0, damaged: 0, hand: 0, films: 0 };
    const add = (map, key) => map.set(key, (map.get(key) ?? 0) + 1);
    const items = [];
    for (const i of base) {
      let failed = "";
      let failures = 0;
      for (const [name, test] of tests) {
        if (!test(i)) {
          failures += 1;
          failed = name;
          if (failures > 1) break;
        }
      }
      if (failures > 1) continue;
      if (failures === 0) items.push(i);
      const counted = (name) => failures === 0 || failed === name;
      if (counted("when")) add(counts.when, index.time[i] === null ? "none" : Math.floor(photos.monthOf(i) / 12));
      if (counted("album")) add(counts.album, index.album[i]);
      if (counted("trip") && index.trip[i] >= 0) add(counts.trip, index.trip[i]);
      if (counted("camera") && index.camera[i] >= 0) add(counts.camera, index.camera[i]);
      if (counted("place") && index.place[i] >= 0) add(counts.place, index.place[i]);
      for (const [name, flag] of MARKS) if (counted(name) && photos.isFlagged(i, photos.flags[flag])) counts[name] += 1;
    }
    if (query.get("sort") === "unsure") items.sort((a, b) => index.sure[a] - index.sure[b]);
    return { items, counts };
  }

  // ---- the row of filters above a wall

  function select(name, label, choices, query) {
    const value = query.get(name) ?? "";
    if (!value && choices.length < 2) return null;
    const options = choices.map(([key, text, n]) => option(key, t("choice", { name: text, n })));
    if (value && !choices.some(([key]) => key === value)) options.unshift(option(value, name === "when" ? whenName(value) : value));
    const element = el("select", { "aria-label": label, class: value ? "is-chosen" : "" }, option("", label), ...options);
    element.value = value;
    element.addEventListener("change", () => router.change({ [name]: element.value, photo: "" }));
    return element;
  }

  function toolbar(query, counts, fixed) {
    const { index } = photos;
    const by = (map, nameOf, keyOf, order) => [...map].map(([number, n]) => [String(keyOf(number)), nameOf(number), n]).sort(order ?? ((a, b) => b[2] - a[2]));
    const box = el("div", { class: "filters", role: "group", "aria-label": t("filters") });
    const years = by(counts.when, (year) => (year === "none" ? t("undated") : String(year)), (year) => year, (a, b) => (a[0] < b[0] ? 1 : -1));
    const parts = [
      select("when", t("filter_year"), years, query),
      fixed !== "album" && select("album", t("album"), by(counts.album, (n) => page.albums[n].title, (n) => page.albums[n].id), query),
      fixed !== "trip" && select("trip", t("trip"), by(counts.trip, (n) => page.trips[n].title, (n) => n), query),
      select("place", t("place"), by(counts.place, (n) => index.places[n][0], (n) => index.places[n][0]).slice(0, 200), query),
      select("camera", t("camera"), by(counts.camera, (n) => index.cameras[n], (n) => index.cameras[n]), query),
    ];
    box.append(...parts.filter(Boolean));
    const only = (query.get("only") ?? "").split(",").filter(Boolean);
    const labels = { new: t("only_new"), damaged: t("only_damaged"), hand: t("only_hand"), films: t("only_films") };
    for (const [name] of MARKS) {
      const isOn = only.includes(name);
      if (!isOn && (!counts[name] || (name === "new" && !page.marksNew))) continue;
      box.append(button(t("choice", { name: labels[name], n: counts[name] }), () => {
        router.change({ only: (isOn ? only.filter((one) => one !== name) : [...only, name]).join(","), photo: "" });
      }, { class: "toggle", "aria-pressed": String(isOn) }));
    }
    const isUnsure = query.get("sort") === "unsure";
    box.append(button(t("least_sure"), () => router.change({ sort: isUnsure ? "" : "unsure", photo: "" }), { class: "toggle", "aria-pressed": String(isUnsure) }));
    if ([...query.keys()].some((name) => name !== "photo" && query.get(name))) {
      box.append(button(t("filters_none"), () => router.go(router.current().path), { class: "plain" }));
    }
    return box;
  }

  // What is looked for, in words, for the head of the page.
  function said(query) {
    const { index } = photos;
    const parts = [];
    if (query.get("q")) parts.push(`“${query.get("q")}”`);
    if (query.get("when")) parts.push(query.get("when") === "none" ? t("undated") : whenName(query.get("when")));
    if (query.get("album")) parts.push(photos.albumTitle(query.get("album")));
    if (query.get("trip") && page.trips[Number(query.get("trip"))]) parts.push(page.trips[Number(query.get("trip"))].title);
    if (index.places.some(([name]) => name === query.get("place"))) parts.push(query.get("place"));
    const area = areaOf(query.get("area") ?? "");
    if (area) parts.push(t("towns", { n: index.places.filter((place) => isInArea(place, area)).length }));
    if (query.get("camera") && index.cameras.includes(query.get("camera"))) parts.push(query.get("camera"));
    return parts;
  }

  // ---- the field at the top

  function start() {
    const field = document.getElementById("search");
    let waiting = 0;
    const look = () => {
      const { kind, query } = router.current();
      const q = field.value.trim();
      if ((query.get("q") ?? "") === q) return;
      if (kind === "all") router.change({ q, photo: "" }, { replace: Boolean(query.get("q")) });
      else if (q) router.go("#/all", new URLSearchParams({ q }));
    };
    field.addEventListener("input", () => { window.clearTimeout(waiting); waiting = window.setTimeout(look, 200); });
    field.addEventListener("keydown", (event) => { if (event.key === "Enter") { window.clearTimeout(waiting); look(); } });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || /INPUT|SELECT|TEXTAREA/.test(event.target.tagName)) return;
      if (document.querySelector("dialog[open]")) return;
      event.preventDefault();
      field.focus();
    });
    const follow = () => { if (document.activeElement !== field) field.value = router.current().query.get("q") ?? ""; };
    router.onChange(follow);
    follow();
  }

  albumSort.search = { filter, toolbar, said, textMatcher, spanOf, whenName, start, isolated };
})();
