"use strict";
// What every other script needs: the words of the page, numbers and dates as its language writes them, and elements. Text is only ever
// set as text; the page's policy forbids everything else. All scripts share one object, `albumSort`; each adds its own part.
window.albumSort = {};
(() => {
  const page = JSON.parse(document.getElementById("page").textContent);
  const locale = page.language === "zh" ? "zh-CN" : page.language;
  const format = (options) => new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options });
  const numbers = new Intl.NumberFormat(locale);
  const percents = new Intl.NumberFormat(locale, { style: "percent" });
  const dates = {
    minute: format({ dateStyle: "medium", timeStyle: "short" }),
    day: format({ dateStyle: "medium" }),
    weekday: format({ weekday: "short", day: "numeric", month: "short" }),
    month: format({ year: "numeric", month: "long" }),
    shortMonth: format({ year: "numeric", month: "short" }),
    year: format({ year: "numeric" }),
  };

  function t(key, values = {}) {
    const form = values.n === 1 && `${key}.one` in page.words ? `${key}.one` : key;
    return page.words[form].replace(/\{(\w+)\}/g, (_, name) =>
      typeof values[name] === "number" ? numbers.format(values[name]) : values[name]);
  }

  function el(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== undefined && value !== null && value !== "" && value !== false) element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined && child !== "" && child !== false));
    return element;
  }

  // `el` leaves out what is empty; a choice of nothing has an empty value all the same.
  function option(value, text) {
    const element = el("option", {}, text);
    element.value = value;
    return element;
  }

  const isolated = (text, name) => el("bdi", { class: name }, text);

  function button(text, action, attributes = {}) {
    const element = el("button", { type: "button", ...attributes }, text);
    element.addEventListener("click", action);
    return element;
  }

  // Signs drawn with one line, so that no font has to have them.
  const SIGNS = {
    previous: "M15 5l-7 7 7 7", next: "M9 5l7 7-7 7", close: "M6 6l12 12M18 6L6 18", info: "M12 11v6M12 7.5v.5M12 3a9 9 0 100 18 9 9 0 000-18",
    plus: "M12 5v14M5 12h14", minus: "M5 12h14", tick: "M5 12.5l4.5 4.5L19 7.5", play: "M8 5l11 7-11 7z", search: "M11 4a7 7 0 100 14 7 7 0 000-14M16 16l5 5",
  };
  function sign(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("class", "sign");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", SIGNS[name]);
    svg.append(path);
    return svg;
  }

  const signButton = (name, label, action, attributes = {}) =>
    button(sign(name), action, { "aria-label": label, title: label, ...attributes });

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

  const status = document.getElementById("status");

  // A line that can be pasted as it is. An option is never torn apart at its hyphens; a long path may be.
  function copyable(text, label = t("copy")) {
    const code = el("code", { class: "line" });
    code.replaceChildren(...text.split(/( --[a-z]+ )/).map((part, n) => (n % 2 ? el("span", { class: "option" }, part) : part)));
    const copy = button(label, async () => {
      try {
        await navigator.clipboard.writeText(text);
        copy.textContent = t("copied");
        status.textContent = t("copied");
      } catch {
        // file:// pages of some browsers have no clipboard: leave the line marked, ready for the keyboard
        window.getSelection().selectAllChildren(code);
      }
    }, { class: "copy" });
    return el("div", { class: "command" }, code, copy);
  }

  function say(text) { status.textContent = text; }

  albumSort.page = page;
  albumSort.live = () => window.albumSortLive ?? null;
  albumSort.words = { t, el, option, isolated, button, sign, signButton, bytes, copyable, say, numbers, percents, dates, locale };
})();
