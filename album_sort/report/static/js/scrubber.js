"use strict";
// The strip beside a wall: years and months, to be dragged, touched, or moved through with the keyboard.
(() => {
  const { t, el } = albumSort.words;
  const CLOSEST_PX = 22;

  function make({ sections, box, topOf, total }) {
    const bubble = el("span", { class: "bubble", "aria-hidden": "true" });
    const thumb = el("span", { class: "thumb", "aria-hidden": "true" }, bubble);
    const ticks = el("span", { class: "ticks", "aria-hidden": "true" });
    const element = el("div", {
      class: "scrubber", role: "slider", tabindex: "0", "aria-label": t("scrubber"), "aria-orientation": "vertical",
      "aria-valuemin": "1", "aria-valuemax": String(sections.length), "aria-valuenow": "1", "aria-valuetext": sections[0].label,
    }, ticks, thumb);
    let current = 0;

    const scrollable = () => Math.max(1, total() - window.innerHeight);

    function follow(above) {
      element.hidden = total() < window.innerHeight * 1.5;
      const share = Math.min(1, Math.max(0, above / scrollable()));
      thumb.style.setProperty("top", `${share * 100}%`);
      let now = 0;
      const edge = Math.max(0, above) + 40;
      let low = 0;
      let high = sections.length - 1;
      while (low <= high) {
        const middle = (low + high) >> 1;
        if (topOf(sections[middle]) <= edge) { now = middle; low = middle + 1; } else high = middle - 1;
      }
      if (share === 1) now = sections.length - 1;
      current = now;
      bubble.textContent = sections[now].label;
      element.setAttribute("aria-valuenow", String(now + 1));
      element.setAttribute("aria-valuetext", sections[now].label);
    }

    const goTo = (y) => window.scrollTo(0, Math.max(0, box.offsetTop + y));

    // The years where there is room for them, the newest at the top.
    function draw() {
      ticks.replaceChildren();
      const height = element.clientHeight || window.innerHeight * 0.8;
      let last = -CLOSEST_PX;
      let lastYear = "";
      for (const section of sections) {
        const year = section.year ?? "";
        if (!year || year === lastYear) continue;
        const y = Math.min(1, topOf(section) / scrollable()) * height;
        lastYear = year;
        if (y - last < CLOSEST_PX || y > height - 6) continue;
        const tick = el("span", { class: "year" }, year);
        tick.style.setProperty("top", `${y}px`);
        ticks.append(tick);
        last = y;
      }
    }

    function drag(event) {
      const { top, height } = element.getBoundingClientRect();
      const share = Math.min(1, Math.max(0, (event.clientY - top) / height));
      goTo(share * scrollable());
    }

    element.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      element.setPointerCapture(event.pointerId);
      element.classList.add("is-dragged");
      element.focus({ preventScroll: true });
      drag(event);
    });
    element.addEventListener("pointermove", (event) => { if (element.classList.contains("is-dragged")) drag(event); });
    for (const name of ["pointerup", "pointercancel"]) element.addEventListener(name, () => element.classList.remove("is-dragged"));
    element.addEventListener("keydown", (event) => {
      const inYear = (step) => {
        let to = current;
        const { year } = sections[current];
        while (sections[to + step] && sections[to].year === year) to += step;
        return to;
      };
      const to = {
        ArrowDown: current + 1, ArrowRight: current + 1, ArrowUp: current - 1, ArrowLeft: current - 1,
        PageDown: inYear(1), PageUp: inYear(-1), Home: 0, End: sections.length - 1,
      }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      const section = sections[Math.min(sections.length - 1, Math.max(0, to))];
      goTo(topOf(section));
    });
    return { element, draw, follow };
  }

  albumSort.scrubber = { make };
})();
