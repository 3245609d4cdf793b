"use strict";
// A wall of photos: rows of equal height that fill the width, months above them, only what is near the screen in the document. It scrolls
// with the window, so that the browser's own keys, wheel and touch work; the scrubber at the side leads to any month.
(() => {
  const { photos, source, fixes, router } = albumSort;
  const { t, el, button, sign, say } = albumSort.words;
  const GAP = 4;
  const LABEL_PX = 30;
  const NARROW_PX = 600;
  // From so many rows on a month begins its own.
  const LONG_ROWS = 2.5;
  const AHEAD_PX = 700;
  const LONG_PRESS_MS = 450;

  // ---- where each photo lies

  // `sections`: [{label, from, to}] over the items; short ones follow each other in a row, a long one begins its own.
  function layOut(items, sections, width) {
    const isNarrow = width < NARROW_PX;
    const columns = width < 480 ? 3 : 4;
    const side = Math.floor((width - GAP * (columns - 1)) / columns);
    const height = width < 1000 ? 108 : 118;
    const full = isNarrow ? columns : width / (height * 1.33);
    const rows = [];
    let top = 0;
    let row = null;

    const begin = () => { row = { top, height: 0, from: -1, to: -1, xs: [], ws: [], labels: [], sum: 0 }; };
    function end(isFull) {
      if (!row || row.from < 0) return;
      const strip = row.labels.length ? LABEL_PX : 0;
      const count = row.to - row.from;
      if (isNarrow) {
        row.height = side;
        for (let i = 0; i < count; i += 1) { row.xs.push(i * (side + GAP)); row.ws.push(side); }
      } else {
        const inner = width - GAP * (count - 1);
        const filling = inner / row.sum;
        row.height = isFull || filling < height * 1.25 ? filling : height;
        let x = 0;
        for (let i = row.from; i < row.to; i += 1) {
          const w = photos.ratioOf(items[i]) * row.height;
          row.xs.push(x);
          row.ws.push(w);
          x += w + GAP;
        }
      }
      row.labelTop = top;
      row.top = top + strip;
      top = row.top + row.height + GAP;
      rows.push(row);
      row = null;
    }

    sections.forEach((section, number) => {
      const count = section.to - section.from;
      const before = number ? sections[number - 1] : null;
      if (row && before && (before.to - before.from >= full * LONG_ROWS || count >= full * LONG_ROWS)) end(false);
      for (let i = section.from; i < section.to; i += 1) {
        if (!row) begin();
        if (row.from < 0) row.from = i;
        if (i === section.from && section.label) row.labels.push({ text: section.label, at: i - row.from });
        row.to = i + 1;
        row.sum += photos.ratioOf(items[i]);
        const count = row.to - row.from;
        if (isNarrow ? count === columns : row.sum * height + GAP * (count - 1) >= width) end(true);
      }
    });
    end(false);
    return { rows, height: top };
  }

  function sectionsOf(items, keyOf, labelOf, yearOf = () => "") {
    const sections = [];
    let key;
    items.forEach((position, i) => {
      const own = keyOf(position, i);
      if (i === 0 || own !== key) {
        if (i) sections[sections.length - 1].to = i;
        sections.push({ label: labelOf(own), key: own, year: yearOf(own), from: i, to: items.length });
        key = own;
      }
    });
    return sections;
  }

  // ---- what is ticked, on whatever wall

  const ticked = new Set();
  const bar = document.getElementById("ticked");
  let shownWall = null;

  function drawBar() {
    document.body.classList.toggle("ticking", ticked.size > 0);
    bar.hidden = ticked.size === 0;
    if (bar.hidden) { bar.replaceChildren(); return; }
    const ids = [...ticked];
    const done = () => { ticked.clear(); tell(); };
    bar.replaceChildren(
      el("span", { class: "count" }, t("ticked", { n: ids.length })),
      fixes.chooser(t("belongs_to"), (album) => { fixes.belongsTo(ids, album); done(); }),
      ...(albumSort.live()?.photoActions ?? []).map(({ label, run }) => button(label, async () => { if (await run(ids) !== false) done(); })),
      button(t("untick"), done));
  }

  function tell() {
    drawBar();
    shownWall?.redraw();
  }

  function tick(ids, isOn) {
    if (!fixes.isPossible) return;
    for (const id of ids) {
      if (isOn) ticked.add(id);
      else ticked.delete(id);
    }
    tell();
    say(t("ticked", { n: ticked.size }));
  }

  // ---- one wall

  function show({ target, items, keyOf, labelOf, yearOf, hasScrubber = true, onOpen }) {
    const sections = sectionsOf(items, keyOf, labelOf, yearOf);
    const box = el("div", { class: "photos", role: "group", "aria-label": t("wall_label", { n: items.length }) });
    const tiles = new Map();
    let width = 0;
    let laid = { rows: [], height: 0 };
    let current = 0;
    let lastTicked = -1;
    let frame = 0;
    let seen = { from: 0, to: 0 }; // items on the screen; others are drawn around them
    target.append(box);

    function rowAt(y) {
      let low = 0;
      let high = laid.rows.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (laid.rows[middle].labelTop <= y) low = middle;
        else high = middle - 1;
      }
      return low;
    }

    function rowOf(item) {
      let low = 0;
      let high = laid.rows.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (laid.rows[middle].from <= item) low = middle;
        else high = middle - 1;
      }
      return low;
    }

    function place(element, x, y, w, h) {
      element.style.setProperty("left", `${x}px`);
      element.style.setProperty("top", `${y}px`);
      element.style.setProperty("width", `${w}px`);
      if (h !== undefined) element.style.setProperty("height", `${h}px`);
    }

    function fill(tile, photo) {
      const { frame: opener } = tile;
      const blank = () => opener.prepend(el("span", { class: "blank" }, photo.isFilm ? "" : photos.index.name[photo.position]));
      const isSeen = () => seen.from <= tile.item && tile.item < seen.to;
      source.thumbnail(photo, () => tile.element.isConnected, isSeen).then(async (address) => {
        if (!address && photo.isFilm) {
          const { film } = source.large(photo, await source.card(photo.position));
          // its first frame, where the browser can play it; else the plain tile stays
          if (film) opener.prepend(el("video", { src: `${film}#t=0.1`, preload: "metadata", muted: "muted", playsinline: "playsinline", tabindex: "-1", "aria-hidden": "true" }));
          else blank();
          return;
        }
        if (!address) { blank(); return; }
        const image = el("img", { decoding: "async", draggable: "false" });
        image.setAttribute("alt", "");
        image.addEventListener("error", () => { image.remove(); blank(); }, { once: true });
        image.src = address;
        opener.prepend(image);
      }, (error) => {
        // not wanted any more: it will be asked for again
        if (error === null) { tile.element.remove(); tiles.delete(tile.item); } else blank();
      });
    }

    function makeTile(item) {
      const position = items[item];
      const photo = photos.photo(position);
      const opener = button("", (event) => onTile(item, event), { class: "frame", "aria-label": t("open_photo", { name: photos.alternative(position) }) });
      const mark = el("button", { type: "button", class: "tick", role: "checkbox", "aria-label": t("tick_photo", { name: photos.alternative(position) }), tabindex: "-1" }, sign("tick"));
      mark.addEventListener("click", (event) => { if (!swept) toggle(item, event.shiftKey); });
      mark.addEventListener("pointerdown", (event) => { if (event.pointerType === "mouse") { sweepFrom = item; swept = false; } });
      const marks = el("span", { class: "marks" });
      if (photo.isFilm) marks.append(el("span", { class: "film" }, sign("play")));
      if (albumSort.page.marksNew && photos.isFlagged(position, photos.flags.NEW)) marks.append(el("span", { class: "chip new" }, t("new_mark")));
      opener.append(marks);
      const element = el("div", { class: "photo" }, opener, fixes.isPossible && mark);
      const tile = { element, frame: opener, mark, item, id: photo.id };
      holdToTick(opener, item);
      fill(tile, photo);
      return tile;
    }

    function drawState(tile) {
      const isTicked = ticked.has(tile.id);
      const album = fixes.pending.get(tile.id);
      tile.element.classList.toggle("is-ticked", isTicked);
      tile.mark.setAttribute("aria-checked", String(isTicked));
      tile.frame.setAttribute("tabindex", tile.item === current ? "0" : "-1");
      tile.element.querySelector(".moves")?.remove();
      if (album) tile.element.append(el("span", { class: "moves" }, `→ ${photos.albumTitle(album)}`));
    }

    const labels = new Map();

    function render() {
      frame = 0;
      if (!box.isConnected || !laid.rows.length) return;
      const above = window.scrollY - box.offsetTop;
      const firstRow = rowAt(above - AHEAD_PX);
      const end = above + window.innerHeight + AHEAD_PX;
      seen = { from: laid.rows[rowAt(above)].from, to: laid.rows[rowAt(above + window.innerHeight)].to };
      const wanted = new Set();
      const wantedLabels = new Set();
      for (let r = firstRow; r < laid.rows.length && laid.rows[r].labelTop < end; r += 1) {
        const row = laid.rows[r];
        for (const label of row.labels) {
          const key = row.from + label.at;
          wantedLabels.add(key);
          let element = labels.get(key);
          if (!element) {
            element = el("h2", { class: "month" }, label.text);
            labels.set(key, element);
            box.append(element);
          }
          const next = row.labels[row.labels.indexOf(label) + 1];
          // its place among what stands in a row on paper
          element.style.setProperty("order", String(2 * key));
          place(element, row.xs[label.at], row.labelTop, (next ? row.xs[next.at] : width) - row.xs[label.at] - 6);
        }
        for (let item = row.from; item < row.to; item += 1) {
          wanted.add(item);
          let tile = tiles.get(item);
          if (!tile) {
            tile = makeTile(item);
            tiles.set(item, tile);
            box.append(tile.element);
          }
          tile.element.style.setProperty("order", String(2 * item + 1));
          place(tile.element, row.xs[item - row.from], row.top, row.ws[item - row.from], row.height);
          drawState(tile);
        }
      }
      for (const [item, tile] of tiles) {
        // the one that has the focus stays: taken away, the keyboard would begin anew
        if (!wanted.has(item) && !tile.element.contains(document.activeElement)) {
          tile.element.remove();
          tiles.delete(item);
        }
      }
      for (const [key, element] of labels) if (!wantedLabels.has(key)) { element.remove(); labels.delete(key); }
      scrubber?.follow(above);
    }

    const soon = () => { frame ||= window.requestAnimationFrame(render); };

    // Where one was stays where it was when the width changes.
    function resize() {
      const now = box.clientWidth;
      if (now === width || now === 0) return;
      const kept = width && window.scrollY > box.offsetTop ? laid.rows[rowAt(window.scrollY - box.offsetTop)]?.from : undefined;
      width = now;
      laid = layOut(items, sections, width);
      box.style.setProperty("height", `${laid.height}px`);
      if (kept !== undefined) window.scrollTo(0, box.offsetTop + laid.rows[rowOf(kept)].labelTop);
      scrubber?.draw();
      render();
    }

    // ---- opening and ticking

    // A drag that begins on a tick ticks everything from there to where it is.
    let sweepFrom = -1;
    let swept = false;
    function sweep(event) {
      if (sweepFrom < 0) return;
      if (event.buttons === 0) { sweepFrom = -1; return; }
      const over = [...tiles.values()].find(({ element }) => element.contains(document.elementFromPoint(event.clientX, event.clientY)));
      if (!over || (over.item === sweepFrom && !swept)) return;
      swept = true;
      const ids = [];
      for (let i = Math.min(sweepFrom, over.item); i <= Math.max(sweepFrom, over.item); i += 1) ids.push(photos.idOf(items[i]));
      lastTicked = over.item;
      if (!ids.every((id) => ticked.has(id))) tick(ids, true);
    }
    const endSweep = () => { sweepFrom = -1; window.setTimeout(() => { swept = false; }, 0); };
    window.addEventListener("pointermove", sweep);
    window.addEventListener("pointerup", endSweep);

    let held = -1;
    function onTile(item, event) {
      if (held === item) { held = -1; return; }
      current = item;
      if (fixes.isPossible && (ticked.size || event.shiftKey)) toggle(item, event.shiftKey);
      else onOpen(item);
    }

    function toggle(item, isRange) {
      const spans = isRange && lastTicked >= 0;
      const isOn = spans || !ticked.has(photos.idOf(items[item]));
      const from = spans ? Math.min(lastTicked, item) : item;
      const to = spans ? Math.max(lastTicked, item) : item;
      const ids = [];
      for (let i = from; i <= to; i += 1) ids.push(photos.idOf(items[i]));
      lastTicked = item;
      current = item;
      tick(ids, isOn);
    }

    function holdToTick(opener, item) {
    if (!fixes.isPossible) return;
      let timer = 0;
      const stop = () => window.clearTimeout(timer);
      opener.addEventListener("pointerdown", (event) => {
        if (event.pointerType === "mouse") return;
        timer = window.setTimeout(() => { held = item; toggle(item, ticked.size > 0 && lastTicked >= 0); navigator.vibrate?.(10); }, LONG_PRESS_MS);
      });
      for (const name of ["pointerup", "pointercancel", "pointerleave"]) opener.addEventListener(name, stop);
      opener.addEventListener("pointermove", (event) => { if (Math.abs(event.movementY) + Math.abs(event.movementX) > 6) stop(); });
      opener.addEventListener("contextmenu", (event) => { if (held === item) event.preventDefault(); });
    }

    function reveal(item, { focus = false } = {}) {
      const row = laid.rows[rowOf(item)];
      const y = box.offsetTop + row.top;
      const head = document.querySelector(".bar").offsetHeight + 8;
      if (y < window.scrollY + head) window.scrollTo(0, y - head - LABEL_PX);
      else if (y + row.height > window.scrollY + window.innerHeight - 8) window.scrollTo(0, y + row.height - window.innerHeight + 60);
      current = item;
      render();
      if (focus) tiles.get(item)?.frame.focus({ preventScroll: true });
    }

    function beside(item, step) {
      const number = rowOf(item);
      const row = laid.rows[number];
      const next = laid.rows[number + step];
      if (!next) return item;
      const middle = row.xs[item - row.from] + row.ws[item - row.from] / 2;
      let best = next.from;
      for (let i = next.from; i < next.to; i += 1) if (next.xs[i - next.from] <= middle) best = i;
      return best;
    }

    box.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const last = items.length - 1;
      const to = {
        ArrowLeft: Math.max(0, current - 1), ArrowRight: Math.min(last, current + 1), ArrowUp: beside(current, -1), ArrowDown: beside(current, 1),
        Home: 0, End: last,
      }[event.key];
      if (to !== undefined) {
        event.preventDefault();
        if (event.shiftKey) {
          if (lastTicked < 0) toggle(current, false);
          toggle(to, true);
        }
        reveal(to, { focus: true });
      } else if (event.key === "x" || event.key === "X") {
        toggle(current, event.shiftKey);
      } else if (event.key === "Escape" && ticked.size) {
        ticked.clear();
        tell();
      }
    });
    box.addEventListener("focusin", (event) => {
      const tile = [...tiles.values()].find(({ element }) => element.contains(event.target));
      if (tile && tile.item !== current) { current = tile.item; for (const one of tiles.values()) drawState(one); }
    });

    const scrubber = hasScrubber && items.length ? albumSort.scrubber.make({
      sections, box,
      topOf: (section) => laid.rows[rowOf(section.from)].labelTop,
      total: () => laid.height,
    }) : null;
    if (scrubber) target.append(scrubber.element);

    const watcher = new ResizeObserver(resize);
    watcher.observe(box);
    window.addEventListener("scroll", soon, { passive: true });
    const unsubscribe = fixes.onChange(soon);
    const wall = {
      items,
      redraw: soon,
      reveal,
      indexOf: (position) => items.indexOf(position),
      resize,
      destroy() {
        watcher.disconnect();
        window.removeEventListener("scroll", soon);
        window.removeEventListener("pointermove", sweep);
        window.removeEventListener("pointerup", endSweep);
        unsubscribe();
        if (shownWall === wall) shownWall = null;
      },
    };
    shownWall = wall;
    resize();
    return wall;
  }

  function clearTicks() { ticked.clear(); tell(); }

  albumSort.wall = { show, ticked, clearTicks, layOut, sectionsOf };
  router.onChange(() => { if (ticked.size && router.current().path !== shownPath) { clearTicks(); } shownPath = router.current().path; });
  let shownPath = router.current().path;
})();
