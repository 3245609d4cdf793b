// The page to drop photos on: each file is a request of its own, so answers come in the order in which they are ready.

const meta = document.getElementById("album-sort").dataset;
const words = JSON.parse(meta.words);
const limits = JSON.parse(meta.limits);
const cards = document.getElementById("cards");
const AT_ONCE = 4; // more would only wait at the server
const MOST = 500;
const PATIENCE_MS = 120000;

const waiting = [];
let running = 0;
let all = 0;
let done = 0;
let round = 0; // what was cleared away is not counted when its answer comes
let notice = "";

function say(key, values = {}) {
  return words[`page_${key}`].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

// No name can pretend to be another: what cannot be seen of it is spelled out (but for what joins emoji and letters).
function shown(name) {
  return name.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu,
    (one) => `\\u${one.codePointAt(0).toString(16).padStart(4, "0")}`);
}

function tell() {
  const parts = all ? [say("progress", { done, all })] : [];
  document.getElementById("progress").textContent = parts.concat(notice || []).join(" · ");
  document.getElementById("answers-title").hidden = !all;
  document.getElementById("clear").hidden = !all;
}

function add(files) {
  notice = "";
  for (const file of files) {
    if (all >= MOST) {
      notice = say("too_many", { n: MOST });
      break;
    }
    all += 1;
    waiting.push({ file, card: cardOf(file) });
  }
  tell();
  next();
}

// The browser shows what it can at once; what it cannot, the server's small picture shows with the answer.
function cardOf(file) {
  const card = make("li", "card busy");
  const frame = make("div", "frame");
  const image = make("img");
  image.alt = "";
  image.src = URL.createObjectURL(file);
  image.addEventListener("load", () => (card.dataset.shown = "yes"));
  image.addEventListener("error", () => {
    URL.revokeObjectURL(image.src);
    image.remove();
    if (!card.dataset.shown && !frame.textContent) frame.append(make("span", "", say("no_preview")));
  });
  frame.append(image);
  const about = make("div", "about");
  const name = make("p", "name", shown(file.name));
  name.title = name.textContent;
  name.dir = "auto";
  about.append(name, make("p", "state quiet", say("waiting")));
  card.append(frame, about);
  cards.append(card);
  return card;
}

function next() {
  while (running < AT_ONCE && waiting.length) {
    const one = waiting.shift();
    const asked = round;
    running += 1;
    ask(one).finally(() => {
      running -= 1;
      if (asked === round) done += 1;
      tell();
      next();
    });
  }
}

async function ask({ file, card }) {
  const state = card.querySelector(".state");
  state.textContent = say("looking");
  let answer;
  try {
    answer = await send(file);
  } catch {
    answer = { error: say("gone") };
  }
  const image = answer.images ? answer.images[0] : answer;
  card.classList.remove("busy");
  state.remove();
  if (image.error) show(card, [make("p", "error", `${say("failed")}: ${image.error}`)]);
  else showAnswer(card, image);
}

async function send(file) {
  if (file.size > limits.bytes) return sendNothing(file);
  for (;;) {
    const form = new FormData();
    form.append("files", file, file.name);
    const response = await fetch(`/predict?preview=true&lang=${meta.lang}`, {
      method: "POST",
      headers: { [meta.header]: meta.key },
      body: form,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (response.status !== 503) return response.json();
    await new Promise((resolve) => setTimeout(resolve, 1000 * (Number(response.headers.get("Retry-After")) || 1)));
  }
}

// The server says in its own words what is too large, without having to receive it.
async function sendNothing(file) {
  return { error: document.querySelector(".actions + .quiet").textContent, name: file.name };
}

function show(card, elements) {
  card.querySelector(".about").append(...elements);
}

function showAnswer(card, image) {
  if (image.preview && !card.dataset.shown) {
    const picture = make("img");
    picture.alt = "";
    picture.src = image.preview;
    card.dataset.shown = "yes";
    card.querySelector(".frame").replaceChildren(picture);
  }
  const picture = card.querySelector(".frame img");
  if (picture && image.top.length) picture.alt = labelOf(image.top[0]);
  if (!image.sure) card.classList.add("unsure");
  const maybe = image.albums.slice(0, 2).map((one) => one.title).join(", ");
  const parts = [make("p", "album", image.sure ? say("album", { album: image.title }) : say("unsure"))];
  if (!image.sure && maybe) parts.push(make("p", "quiet", say("maybe", { albums: maybe })));
  parts.push(image.top.length ? bars(image.top) : make("p", "quiet", say("film")));
  const where = [image.taken && image.taken.local.replace("T", " "), image.place && say("place", { town: image.place.name, country: image.place.country })];
  if (where.some(Boolean)) parts.push(make("p", "quiet", where.filter(Boolean).join(" · ")));
  if (image.why.length) parts.push(reasons(image.why));
  show(card, parts);
}

function labelOf(one) {
  return meta.lang === "zh" ? one.label_zh : one.label;
}

function bars(top) {
  const list = make("ul", "bars");
  list.setAttribute("aria-label", say("bars"));
  for (const one of top) {
    const row = make("li");
    const bar = make("progress");
    bar.max = 100;
    bar.value = one.confidence;
    bar.setAttribute("aria-hidden", "true");
    row.append(make("span", "label", labelOf(one)), make("span", "number", `${one.confidence.toFixed(1)}%`), bar);
    list.append(row);
  }
  return list;
}

function reasons(why) {
  const details = make("details");
  const list = make("ul");
  list.append(...why.map((reason) => make("li", "", reason)));
  details.append(make("summary", "", say("why")), list);
  return details;
}

function clear() {
  for (const image of cards.querySelectorAll("img")) if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
  cards.replaceChildren();
  waiting.length = 0;
  all = done = 0;
  round += 1;
  notice = "";
  tell();
  document.getElementById("files").focus();
}

const veil = document.getElementById("veil");
let depth = 0;
const hasFiles = (event) => [...event.dataTransfer.types].includes("Files");
addEventListener("dragenter", (event) => {
  if (!hasFiles(event)) return;
  depth += 1;
  veil.hidden = false;
});
addEventListener("dragleave", (event) => {
  if (!hasFiles(event)) return;
  depth = Math.max(0, depth - 1);
  veil.hidden = depth > 0 ? veil.hidden : true;
});
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", async (event) => {
  event.preventDefault();
  depth = 0;
  veil.hidden = true;
  add(await dropped(event.dataTransfer));
});

// Folders, too: what lies in them is asked for entry by entry.
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry && item.webkitGetAsEntry());
  if (!entries.some((entry) => entry && entry.isDirectory)) return [...transfer.files];
  const files = [];
  for (const entry of entries) if (entry) await walk(entry, files);
  return files;
}

async function walk(entry, files) {
  if (files.length >= MOST) return;
  if (entry.isFile) {
    files.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return;
    for (const one of some) await walk(one, files);
  }
}

addEventListener("paste", (event) => {
  if (event.clipboardData && event.clipboardData.files.length) add(event.clipboardData.files);
});
document.getElementById("files").addEventListener("change", (event) => {
  add([...event.target.files]);
  event.target.value = "";
});
document.getElementById("clear").addEventListener("click", clear);
