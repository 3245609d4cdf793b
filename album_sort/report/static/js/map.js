"use strict";
// The map: where photos were taken, town by town. It zooms with buttons, wheel and two fingers; what would overlap is one mark; names
// keep their size on the screen; a mark leads to its photos.
(() => {
  const { page, photos, router } = albumSort;
  const { t, el, signButton, numbers } = albumSort.words;
  const SVG = "http://www.w3.org/2000/svg";
  const UNITS_PER_DEGREE = 10;
  const WEST = -1690;
  const APART_PX = 34;
  const FONT_PX = 13;
  const CLOSEST = 4;

  // Miller's projection, as in worldmap.py.
  function project(lat, lon) {
    const x = lon * UNITS_PER_DEGREE;
    const y = -(180 / Math.PI) * 1.25 * Math.log(Math.tan(Math.PI / 4 + 0.4 * lat * Math.PI / 180)) * UNITS_PER_DEGREE;
    return [x >= WEST ? x : x + 3600, y];
  }

  function svg(tag, attributes = {}, ...children) {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  // How many of these photos each town has.
  function townsOf(items) {
    const { index } = photos;
    const counts = new Map();
    for (const i of items) if (index.place[i] >= 0) counts.set(index.place[i], (counts.get(index.place[i]) ?? 0) + 1);
    return [...counts].flatMap(([number, n]) => {
      const [name, town, lat, lon] = index.places[number];
      if (lat === undefined) return [];
      const [x, y] = project(lat, lon);
      return [{ name, town, lat, lon, x, y, n }];
    }).sort((a, b) => b.n - a.n || (a.name < b.name ? -1 : 1));
  }

  // Towns nearer to each other than a finger is wide become one mark, at the place of the largest.
  function clusters(towns, unit) {
    const found = [];
    for (const town of towns) {
      const near = found.find((one) => Math.hypot(one.x - town.x, one.y - town.y) < APART_PX * unit);
      if (near) {
        near.n += town.n;
        near.towns.push(town);
      } else found.push({ x: town.x, y: town.y, n: town.n, name: town.name, town: town.town, towns: [town] });
    }
    return found;
  }

  function linkOf({ towns }, path) {
    const query = new URLSearchParams();
    if (towns.length === 1) query.set("place", towns[0].name);
    else {
      const lats = towns.map(({ lat }) => lat);
      const lons = towns.map(({ lon }) => lon);
      const digits = (value) => String(Math.round(value * 1000) / 1000);
      query.set("area", [Math.min(...lats), Math.min(...lons), Math.max(...lats), Math.max(...lons)].map(digits).join(","));
    }
    return router.address(path, query);
  }

  function windowOf(towns, aspect, whole) {
    const xs = towns.map(({ x }) => x);
    const ys = towns.map(({ y }) => y);
    const width = Math.min(whole.width, Math.max((Math.max(...xs) - Math.min(...xs)) * 1.5, (Math.max(...ys) - Math.min(...ys)) * 1.6 / aspect, 25));
    return { x: (Math.max(...xs) + Math.min(...xs) - width) / 2, y: (Math.max(...ys) + Math.min(...ys) - width * aspect) / 2, width };
  }

  // Draws the marks of these photos into `figure`, whose <svg> has the land; `path` is where a mark leads to.
  function draw(figure, items, path) {
    const picture = figure.querySelector("svg");
    const towns = townsOf(items);
    if (!towns.length) return false;
    const world = { x: WEST, width: 3600 };
    const layer = svg("g", { class: "marks" });
    for (const old of picture.querySelectorAll("a, g.marks")) old.remove();
    picture.append(layer);
    const narrow = window.innerWidth < 600;
    const aspect = narrow ? 0.8 : 0.5;
    figure.classList.add("is-live");
    let view = windowOf(towns, aspect, world);

    function mark(cluster, unit, most, boxes) {
      const radius = (6 + 9 * Math.sqrt(cluster.n / most)) * unit;
      const more = cluster.towns.length - 1;
      const said = `${more ? t("town_and_more", { town: cluster.name, n: more }) : cluster.name}: ${t("photos", { n: cluster.n })}`;
      const link = svg("a", { href: linkOf(cluster, path), "aria-label": said });
      link.append(svg("title", {}), svg("circle", { class: "marker", cx: cluster.x, cy: cluster.y, r: radius }));
      link.firstChild.textContent = said;
      const count = numbers.format(cluster.n);
      if (count.length * 3.6 * unit < radius) {
        const number = svg("text", { class: "count", x: cluster.x, y: cluster.y, "font-size": 10 * unit, "text-anchor": "middle", "dominant-baseline": "central" });
        number.textContent = count;
        link.append(number);
      }
      const label = cluster.town;
      const width = [...label].reduce((sum, one) => sum + (one.charCodeAt(0) > 0x2e7f ? 1.05 : 0.66), 0) * FONT_PX * unit;
      for (const side of [1, -1]) {
        const x = side > 0 ? cluster.x + radius + 4 * unit : cluster.x - radius - 4 * unit - width;
        const box = [x, cluster.y - 0.7 * FONT_PX * unit, x + width, cluster.y + 0.7 * FONT_PX * unit];
        const isFree = box[0] > view.x && box[2] < view.x + view.width && !boxes.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3]);
        if (!isFree) continue;
        boxes.push(box);
        const text = svg("text", { x, y: cluster.y, "font-size": FONT_PX * unit, "dominant-baseline": "central" });
        // an outline of three pixels, whatever the zoom
        text.style.setProperty("stroke-width", String(3 * unit));
        text.textContent = label;
        link.append(text);
        break;
      }
      return link;
    }

    function redraw() {
      const height = view.width * aspect;
      picture.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${height}`);
      const unit = view.width / Math.max(1, picture.clientWidth || 800);
      const found = clusters(towns, unit);
      const inside = found.filter(({ x, y }) => x >= view.x && x <= view.x + view.width && y >= view.y && y <= view.y + height);
      const most = Math.max(...found.map(({ n }) => n));
      const boxes = inside.map(({ x, y, n }) => {
        const radius = (6 + 9 * Math.sqrt(n / most)) * unit;
        return [x - radius, y - radius, x + radius, y + radius];
      });
      const focused = document.activeElement?.closest?.("a")?.getAttribute("href");
      layer.replaceChildren(...inside.map((cluster) => mark(cluster, unit, most, boxes)));
      if (focused) [...layer.querySelectorAll("a")].find((one) => one.getAttribute("href") === focused)?.focus({ preventScroll: true });
      figure.classList.toggle("is-close", view.width < home.width * 0.98);
    }

    function zoom(by, x = view.x + view.width / 2, y = view.y + view.width * aspect / 2) {
      const width = Math.min(world.width, Math.max(CLOSEST, view.width / by));
      const scale = width / view.width;
      view = { x: x - (x - view.x) * scale, y: y - (y - view.y) * scale, width };
      keepInside();
      redraw();
    }

    function keepInside() {
      view.x = Math.min(world.x + world.width - view.width, Math.max(world.x, view.x));
      view.y = Math.min(900 - view.width * aspect / 2, Math.max(-1500 - view.width * aspect / 2, view.y));
    }

    const home = { ...view };
    keepInside();
    const at = (event) => {
      const box = picture.getBoundingClientRect();
      return [view.x + (event.clientX - box.left) / box.width * view.width, view.y + (event.clientY - box.top) / box.width * view.width];
    };
    // Whoever scrolls down the page goes past the map; whoever stops on it and turns the wheel zooms.
    let scrolled = 0;
    const noteScroll = () => { scrolled = performance.now(); };
    window.addEventListener("scroll", noteScroll, { passive: true });
    picture.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && performance.now() - scrolled < 400) return;
      if (event.deltaY > 0 && view.width >= world.width) return;
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 300), ...at(event));
    }, { passive: false });
    const fingers = new Map();
    let pinch = 0;
    let moved = 0;
    picture.addEventListener("pointerdown", (event) => { fingers.set(event.pointerId, event); pinch = 0; moved = 0; });
    picture.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      fingers.set(event.pointerId, event);
      if (fingers.size === 2) {
        const [a, b] = [...fingers.values()];
        const distance = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
        if (pinch) zoom(distance / pinch, ...at({ clientX: (a.clientX + b.clientX) / 2, clientY: (a.clientY + b.clientY) / 2 }));
        pinch = distance;
        moved = APART_PX;
      } else if (event.pointerType === "mouse" || figure.classList.contains("is-close")) {
        const unit = view.width / picture.clientWidth;
        moved += Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY);
        view.x -= (event.clientX - before.clientX) * unit;
        view.y -= (event.clientY - before.clientY) * unit;
        keepInside();
        picture.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.width * aspect}`);
      }
    });
    const lift = (event) => { if (fingers.delete(event.pointerId) && moved > 4) redraw(); };
    window.addEventListener("pointerup", lift);
    picture.addEventListener("pointercancel", lift);
    // a drag over a mark is no click on it
    picture.addEventListener("click", (event) => { if (moved > 4) event.preventDefault(); }, { capture: true });
    picture.addEventListener("dragstart", (event) => event.preventDefault());
    figure.querySelector(".zoom")?.remove();
    figure.append(el("div", { class: "zoom" }, signButton("plus", t("zoom_in"), () => zoom(1.8)), signButton("minus", t("zoom_out"), () => zoom(1 / 1.8))));
    const watcher = new ResizeObserver(() => redraw());
    watcher.observe(picture);
    redraw();
    return true;
  }

  // A map of its own for a trip: the land is that of the overview's map.
  function make(items, path) {
    const land = document.querySelector("#map .land");
    if (!land || !townsOf(items).length) return null;
    const borders = document.querySelector("#map .borders");
    const figure = el("figure", { class: "map" }, svg("svg", { viewBox: "0 0 100 50", role: "group", "aria-label": t("map_label") }, land.cloneNode(true), borders.cloneNode(true)));
    return { figure, start: () => draw(figure, items, path) };
  }

  albumSort.map = { draw, make, clusters, project, townsOf, page };
})();
