"use strict";
// What a served page can do beyond a static one: changes wait at the server, are looked at as a plan, applied with their progress, and
// taken back. docs/reference/page-data.md says what the page's own scripts ask of `albumSortLive`.
(() => {
  const meta = document.getElementById("album-sort-live").dataset;
  const words = JSON.parse(meta.words);
  const trips = JSON.parse(meta.trips); // ids by the numbers that the page has for them
  const VIEW = "changes";
  const BUSY = "running";
  const ui = () => window.albumSort.words;
  function say(key, values = {}) {
    const form = values.n === 1 && `live_${key}.one` in words ? `live_${key}.one` : `live_${key}`;
    return words[form].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }

  async function call(method, path, body) {
    const answer = await fetch(path, {
      method,
      // refusals are sentences of this page, whatever language the browser prefers
      headers: { [meta.header]: meta.key, "Accept-Language": document.documentElement.lang, ...(body ? { "Content-Type": "application/json" } : {}) },
      body: body && JSON.stringify(body),
    });
    const told = await answer.json().catch(() => ({ error: say("gone") }));
    if (!answer.ok) throw new Error([told.error, told.hint].filter(Boolean).join(" – "));
    return told;
  }

  async function add(changes) {
    try {
      await call("POST", "/changes", { changes });
    } catch (error) {
      await tell(error.message);
      return;
    }
    show();
  }

  function show() {
    const { router } = window.albumSort;
    if (router.current().kind === VIEW) router.refresh();
    else router.go(`#/${VIEW}`);
  }

  // ---- dialogs: the browser's own `prompt` speaks its language, not the page's

  function open(...children) {
    const { el } = ui();
    const dialog = el("dialog", { class: "live-ask" }, ...children);
    document.body.append(dialog);
    dialog.addEventListener("close", () => dialog.remove());
    dialog.showModal();
    return dialog;
  }

  function tell(text) {
    return new Promise((resolve) => {
      const { el, button } = ui();
      const dialog = open(el("p", { role: "alert" }, text), button(say("ok"), () => dialog.close(), { class: "button" }));
      dialog.addEventListener("close", resolve);
    });
  }

  function ask(label, changesOf) {
    return asked(label, ui().el("input", { id: "ask", type: "text", maxlength: 200, autocomplete: "off", required: "required" }), changesOf);
  }

  function choose(label, choices, changesOf) {
    const { el, option } = ui();
    return asked(label, el("select", { id: "ask" }, ...choices.map(([value, text]) => option(value, text))), changesOf);
  }

  // Open until the server has taken what was answered (then true): what it refuses is said beside it, and can be put right there.
  function asked(label, input, changesOf) {
    const { el, button } = ui();
    const ok = el("button", { class: "button" }, say("ok"));
    const refused = el("p", { class: "live-refused", role: "alert", id: "refused" });
    const form = el("form", { method: "dialog" }, el("label", { for: "ask" }, label), input, refused,
      el("p", { class: "live-buttons" }, ok, button(say("cancel"), () => dialog.close())));
    const dialog = open(form);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      ok.disabled = true;
      try {
        await call("POST", "/changes", { changes: changesOf(input.value.trim()) });
        dialog.close("taken");
        show();
      } catch (error) {
        refused.textContent = error.message;
        input.setAttribute("aria-invalid", "true");
        input.setAttribute("aria-describedby", "refused");
        input.focus();
      } finally {
        ok.disabled = false;
      }
    });
    return new Promise((resolve) => { dialog.addEventListener("close", () => resolve(dialog.returnValue === "taken")); });
  }

  // ---- what waits

  function sentence(change) {
    const n = (change.photos || []).length;
    const { photos } = window.albumSort;
    const titleOf = (id) => (id && photos ? photos.albumTitle(id) : id);
    const trip = window.albumSort.page.trips[trips.indexOf(change.trip)]?.title ?? change.trip;
    const values = { ...change, n, trip, album: titleOf(change.album), into: titleOf(change.into), albums: (change.albums || []).map(titleOf).join(", ") };
    return say(`said_${change.kind.replaceAll("-", "_")}`, values);
  }

  function waitingList(changes) {
    const { el, button } = ui();
    return el("ol", { class: "live-waiting" }, ...changes.map((change, number) => {
      const said = sentence(change);
      return el("li", {}, el("span", {}, said), button(say("remove"), async (event) => {
        // a second click would mean the next one by then
        for (const one of event.currentTarget.closest("ol").querySelectorAll("button")) one.disabled = true;
        await call("DELETE", `/changes/${number}`);
        show();
      }, { "aria-label": say("remove_this", { change: said }) }));
    }));
  }

  // `el` leaves out what is empty, and what is said beside a picture needs no other name.
  function pictureOf(address) {
    const image = ui().el("img", { src: address, loading: "lazy", width: 72, height: 54 });
    image.alt = "";
    return image;
  }

  async function planOf(box) {
    const { el } = ui();
    box.replaceChildren(el("p", { class: "quiet" }, say("planning")));
    let plan;
    try {
      plan = await call("POST", "/changes/plan");
    } catch (error) {
      box.replaceChildren(el("p", { class: "notice", role: "alert" }, error.message));
      return false;
    }
    const { page } = window.albumSort;
    const rows = plan.moves.map((move) => el("li", {},
      pictureOf(`${page.data}thumbs/${move.id}`),
      el("span", {}, el("strong", {}, move.title ? `${move.before || say("outside")} → ${move.title}` : `${move.before} → ${say("taken_out")}`),
        el("span", { class: "path" }, move.path), move.why ? el("span", { class: "quiet" }, move.why) : null)));
    const more = plan.photos - plan.moves.length;
    box.replaceChildren(
      el("h2", {}, say("plan")),
      el("p", {}, plan.photos ? say("plan_moves", { n: plan.photos }) : say("plan_nothing", { n: plan.staying })),
      el("ul", { class: "sums" }, ...plan.counts.map((one) => el("li", {}, say("sum", { what: one.title || say("taken_out"), n: one.photos })))),
      ...plan.notes.map((note) => el("p", { class: "notice" }, note)),
      el("ul", { class: "live-moves" }, ...rows),
      ...(more > 0 ? [el("p", { class: "quiet" }, say("more", { n: more }))] : []));
    return true;
  }

  // ---- what is being done

  let events = null;
  function listen(onState, onLost) {
    events?.close();
    events = new EventSource("/events");
    events.addEventListener("message", (event) => onState(JSON.parse(event.data)));
    // the browser goes on asking by itself; what the server then says takes the place of this
    events.addEventListener("error", onLost);
  }

  async function begin(path, body) {
    try {
      await call("POST", path, body);
    } catch (error) {
      await tell(error.message);
    }
  }

  function stateOf(box, state) {
    const { el, button } = ui();
    if (state.status === "none") { box.replaceChildren(); return; }
    const parts = [el("p", { role: "status" }, statusOf(state))];
    if (state.status === BUSY) {
      const bar = el("progress", { max: state.total || undefined, "aria-label": statusOf(state) });
      if (state.total) bar.value = state.done;
      parts.push(bar, button(say("stop"), () => begin("/stop")));
    }
    if (state.can_undo) {
      parts.push(button(say("undo"), () => begin("/undo", { run: state.result.run }), { class: "button", id: "undo" }));
    }
    if (state.status === "done" && state.kind === "preview") {
      parts.push(el("ul", { class: "sums" }, ...Object.entries(state.result.albums).map(([album, n]) =>
        el("li", {}, say("sum", { what: window.albumSort.photos.albumTitle(album), n })))));
    }
    box.replaceChildren(...parts);
  }

  function statusOf(state) {
    const what = say(`job_${state.kind}`);
    if (state.status === BUSY) return state.total ? say("running_of", { what, done: state.done, total: state.total }) : say("running", { what });
    if (state.status === "failed") return say("failed", { what, error: [state.error, state.hint].filter(Boolean).join(" – ") });
    const failed = (state.result.failed || []).length + (state.result.left || 0) + (state.result.skipped || 0);
    return failed ? say("done_but", { what, n: failed }) : say("done", { what });
  }

  // The page's data is that of the run before: a job that is over makes it another page.
  function watch(box) {
    let over = null; // the number of the last job that this page knows to be over: one may begin and end between two words of the server
    listen((state) => {
      const isBusy = state.status === BUSY;
      const isNews = over !== null && !isBusy && state.number !== over;
      if (isNews && state.status === "done" && state.kind !== "preview") { window.location.reload(); return; }
      if (isNews && state.status === "failed") show();
      over = isBusy ? over ?? state.number - 1 : state.number;
      stateOf(box, state);
      for (const one of document.querySelectorAll(".live [data-starts]")) one.disabled = isBusy;
    }, () => box.replaceChildren(ui().el("p", { role: "alert" }, say("gone"))));
  }

  async function view(target) {
    const { el, button } = ui();
    const planBox = el("section", { class: "live-plan" });
    const jobBox = el("section", { class: "live-job", "aria-label": say("job_label") });
    const { changes } = await call("GET", "/changes");
    const starts = { "data-starts": "yes" };
    const apply = button(say("apply"), () => begin("/changes/apply"), { class: "button", id: "apply", ...starts });
    const clear = button(say("discard"), async () => { await call("DELETE", "/changes"); show(); });
    apply.hidden = true;
    target.replaceChildren(el("div", { class: "live" },
      el("header", { class: "viewhead" }, el("h1", { tabindex: "-1" }, say("title"))),
      jobBox,
      changes.length ? waitingList(changes) : el("p", { class: "quiet" }, say("nothing_waits")),
      changes.length ? el("p", { class: "live-buttons" }, apply, clear) : el("span", {}),
      planBox,
      el("h2", {}, say("sources")), el("p", { class: "quiet" }, say("sources_text")),
      el("p", { class: "live-buttons" }, button(say("sort"), () => begin("/sort"), starts), button(say("preview"), () => begin("/preview"), starts))));
    target.querySelector("h1").focus({ preventScroll: true });
    watch(jobBox);
    if (changes.length) apply.hidden = !(await planOf(planBox));
  }

  window.albumSortLive = {
    fix(changes) {
      const byAlbum = new Map();
      for (const { id, album } of changes) byAlbum.set(album, [...(byAlbum.get(album) || []), id]);
      return call("POST", "/changes", { changes: [...byAlbum].map(([album, photos]) => ({ kind: "belongs-to", photos, album })) })
        .then(() => window.setTimeout(show));
    },
    photoActions: [
      { label: say("keep_out"), run: (photos) => add([{ kind: "keep-out", photos }]) },
      {
        label: say("new_album"),
        run: (photos) => ask(say("new_album_title"), (title) => [{ kind: "new-album", title, photos }]),
      },
      {
        label: say("taken"),
        run: (photos) => ask(say("taken_when"), (taken) => [{ kind: "taken", photos, taken }]),
      },
      {
        label: say("place"),
        run: (photos) => ask(say("place_where"), (place) => [{ kind: "place", photos, place }]),
      },
      { label: say("forget"), run: (photos) => add([{ kind: "forget", photos }]) },
    ],
    chooseCover: (album, photo) => add([{ kind: "cover", album, photo }]),
    albumActions: [
      {
        label: say("rename"),
        run: ({ kind, name }) => ask(say("rename_to"),
          (title) => [kind === "trip" ? { kind: "rename-trip", trip: trips[Number(name)], title } : { kind: "rename-album", album: name, title }]),
      },
      {
        label: say("merge"),
        run: ({ kind, name }) => {
          const { page, photos } = window.albumSort;
          const others = kind === "trip"
            ? page.trips.map((trip, number) => [trips[number], trip.title]).filter(([id]) => id !== trips[Number(name)])
            : Object.keys(page.titles).filter((id) => id !== "review" && id !== name).map((id) => [id, photos.albumTitle(id)]);
          return choose(say("merge_into"), others, (into) => {
            const title = others.find(([id]) => id === into)[1];
            return [kind === "trip" ? { kind: "merge-trips", trips: [into, trips[Number(name)]], title } : { kind: "merge-albums", albums: [name], into }];
          });
        },
      },
    ],
    views: { [VIEW]: (target) => { view(target).catch((error) => tell(error.message)); } },
    links: [{ label: say("link_changes"), href: `#/${VIEW}` }, { label: say("link_drop"), href: "/drop" }],
  };
})();
