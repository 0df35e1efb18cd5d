// Draws a replay from the data beside it: the overview, the four lanes, the record. Loads nothing and sends nothing.
// Texts of people reach the page through textContent alone. Rows are made when they come near the screen.
"use strict";
(() => {
const DATA = JSON.parse(document.getElementById("data").textContent);
const SVG = "http://www.w3.org/2000/svg";
const LANES = { webhook: "Webhook", conversation: "Conversation", tracker: "Tracker", send_api: "Send API" };
const MARKS = { refusal: "refused", held: "held", doubt: "in doubt", fault: "fault" };
const WINDOWS = { standard: "24 h window", ad: "7 d window after an ad", human_agent: "7 d window" };
const DAY = 86_400_000, HOUR = 3_600_000, MINUTE = 60_000;
/** Silence longer than this is drawn as a break. */
const SILENCE = 5 * MINUTE;
/** Rows that are made at a time. */
const CHUNK = 120;
const $ = (id) => document.getElementById(id);
const still = matchMedia("(prefers-reduced-motion: reduce)");

function el(tag, given = {}, ...children) {
  const one = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") one.className = value;
    else if (name === "text") one.textContent = value;
    else if (name.startsWith("on")) one.addEventListener(name.slice(2), value);
    else one.setAttribute(name, value === true ? "" : value);
  }
  one.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return one;
}
function svg(tag, given = {}, ...children) {
  const one = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(given)) one.setAttribute(name, value);
  one.append(...children);
  return one;
}
const sign = (name, title) => {
  const one = svg("svg", { class: "sign " + name, "aria-hidden": title ? "false" : "true" });
  if (title) { one.setAttribute("role", "img"); one.append(svg("title", {})); one.firstChild.textContent = title; }
  one.append(svg("use", { href: "#s-" + name }));
  return one;
};
const many = (count, one, more = one + "s") => count.toLocaleString("en") + " " + (count === 1 ? one : more);

/** A span in the two largest units that say something. */
function span(ms) {
  const parts = [[DAY, "d"], [HOUR, "h"], [MINUTE, "min"], [1000, "s"]];
  const words = [];
  let rest = Math.abs(ms);
  for (const [unit, name] of parts) {
    const count = Math.floor(rest / unit);
    if (count > 0) words.push(count + " " + name);
    rest -= count * unit;
    if (words.length === 2 || (words.length === 1 && count === 0)) break;
  }
  return words.join(" ") || Math.abs(ms) + " ms";
}
const format = (given) => new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...given });
const DATE = format({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
const DATE_SHORT = format({ weekday: "short", day: "numeric", month: "short" });
const CLOCK = format({ hour: "2-digit", minute: "2-digit" });
const exact = (ms) => new Date(ms).toISOString().replace("T", " ").replace("Z", " UTC");

/** Places moments on a line from 0 to 1 on which silence takes little room, however long it lasts. */
class Axis {
  constructor(moments) {
    this.at = [...new Set(moments)].sort((a, b) => a - b);
    this.x = [0];
    this.breaks = [];
    const day = (this.at.at(-1) ?? 0) - (this.at[0] ?? 0);
    const full = Math.max(10 * MINUTE, Math.min(3 * HOUR, day / 60));
    for (let i = 1; i < this.at.length; i++) {
      const gap = this.at[i] - this.at[i - 1];
      this.x.push(this.x[i - 1] + (gap <= full ? gap / full : 1 + Math.log2(gap / full) / 4) + 0.02);
      if (gap > 2 * full && gap >= HOUR) this.breaks.push(i);
    }
    this.width = this.x.at(-1) || 1;
  }
  place(at) {
    const last = this.at.length - 1;
    if (last < 1 || at <= this.at[0]) return 0;
    if (at >= this.at[last]) return 1;
    let [low, high] = [0, last];
    while (high - low > 1) {
      const half = (low + high) >> 1;
      if (this.at[half] <= at) low = half; else high = half;
    }
    const part = (at - this.at[low]) / (this.at[high] - this.at[low]);
    return (this.x[low] + part * (this.x[high] - this.x[low])) / this.width;
  }
}
const percent = (part) => (Math.min(1, Math.max(0, part)) * 100).toFixed(3) + "%";

/** One replay with what can be asked of it. */
class Replay {
  constructor(report, number) {
    Object.assign(this, report);
    this.prefix = number === 0 ? "" : "r" + (number + 1) + "-";
    this.names = new Map([...this.pages, ...this.customers].map((named) => [named.who, named]));
    this.of = new Map(this.customers.map((named) => [named.who, []]));
    this.differs = new Map();
    this.anchors = new Map();
    this.differing_entries.forEach((entries, difference) => entries.forEach((index) => {
      if (!this.differs.has(index)) this.differs.set(index, difference);
    }));
    this.entries.forEach((entry, index) => {
      entry.index = index;
      entry.anchor = this.prefix + (entry.number === null
        ? "l-" + (index + 1) : "e-" + entry.who.replace("/", "-") + "-" + entry.number);
      this.anchors.set(entry.anchor, index).set(this.prefix + "l-" + (index + 1), index);
      const whose = new Set(entry.who === "-" ? [] : [entry.who]);
      if (entry.lane === "webhook" && entry.who === "-")
        for (const link of entry.links) whose.add(this.entries[link].who);
      for (const who of whose) {
        if (!this.of.has(who)) this.of.set(who, []);
        this.of.get(who).push(index);
      }
    });
    this.windows_of = new Map();
    for (const window of this.windows) {
      if (!this.windows_of.has(window.who)) this.windows_of.set(window.who, []);
      this.windows_of.get(window.who).push(window);
    }
  }
  /** Conversations by Page, and before them a Page of whose own events one is marked. */
  whose() {
    const pages = new Map(this.pages.map((page) => [page.who, []]));
    for (const [who, entries] of this.of) {
      const [page, customer] = who.split("/");
      if (!pages.has(page)) pages.set(page, []);
      if (customer && entries.length) pages.get(page).push(who);
      else if (!customer && entries.some((index) => this.entries[index].mark)) pages.get(page).unshift(who);
    }
    return [...pages.values()].flat();
  }
  title(who) { return who.includes("/") ? this.name(who) : "The Page itself"; }
  name(who) { return this.names.get(who)?.name || this.names.get(who)?.id || who; }
  page(who) { const page = this.names.get(who.split("/")[0]); return page ? (page.name === "not configured" ? `${page.id}, not configured` : page.name) : who; }
  when(at) { return this.begins_at + at; }
}

/** What an entry says in a line. */
function brief(entry) {
  if (entry.texts.length) return entry.texts.map((text) => text.replace(/^"?(.*?)"?( \(\d+ characters(?:, \w+)?\))?[:,]*$/s, "$1$2").replace(/"$/, "")).join(" · ");
  const first = ["reason", "rule", "messaging_type", "tag", "name", "by", "items", "duplicates", "anomalies", "task", "contact", "comment", "part", "code", "payload", "emoji", "until", "watermark", "effect", "mid"];
  const known = first.filter((name) => entry.fields[name] !== undefined).slice(0, 3);
  const shown = known.length ? known : Object.keys(entry.fields).slice(0, 2);
  if (shown.length) return shown.map((name) => name + " " + entry.fields[name]).join(" · ");
  return entry.text.split(/\s+/).slice(3).filter((word) => !/^e\d+$/.test(word) && word.replace(/[:?]$/, "") !== entry.kind).join(" ");
}
const said = (entry) => entry.texts.length > 0;
const voice = (entry) => {
  if (!said(entry)) return "";
  if (/^received-(message|postback|edit|quick)/.test(entry.kind)) return "theirs";
  return entry.kind === "send" || entry.kind === "reply-asked" || entry.kind === "script-asked" || entry.kind === "send-started" ? "ours" : "";
};

/** Whether an entry is a moment of the overview, and which. */
function moment(entry) {
  if (entry.mark) return entry.mark;
  if (entry.kind === "sent" && entry.lane === "send_api") return "sent";
  return /^received-(message|postback|referral|optin)$/.test(entry.kind) ? "wrote" : null;
}

let replay = null, replays = [], rows = [], chosen = null, watcher = null, filling = null;
const view = { who: "", lane: new Set(Object.keys(LANES)), kind: "", mark: "", words: "" };

// ---- The overview: who could be answered when ----

function strip(report, who, axis, high) {
  const box = svg("svg", { class: "strip", "aria-hidden": "true" });
  const [top, thick, thin] = high ? [30, 14, 8] : [14, 8, 4];
  for (const i of axis.breaks) {
    const [from, to] = [axis.x[i - 1] / axis.width, axis.x[i] / axis.width];
    box.append(svg("rect", { class: "silent", x: percent(from), width: percent(to - from), y: 0, height: "100%" }));
  }
  for (const window of report.windows_of.get(who) ?? []) {
    const [from, to] = [axis.place(window.opens_at), axis.place(window.ends_at)];
    const places = { standard: [top, thick], ad: [top - thin - 2, thin], human_agent: [top + thick + 2, thin] };
    const [y, height] = places[window.window];
    box.append(svg("rect", { class: "bar-" + window.window, x: percent(from), width: percent(to - from), y, height, rx: 2 }));
    box.append(svg("rect", { class: "cap-" + window.window, x: percent(to), width: 2, y: y - 1, height: height + 2, transform: "translate(-2 0)" }));
  }
  const seen = new Set();
  for (const index of report.of.get(who) ?? []) {
    const entry = report.entries[index], what = moment(entry);
    if (!what) continue;
    const x = axis.place(entry.at), key = what + Math.round(x * 400);
    if (seen.has(key)) continue;
    seen.add(key);
    const size = high ? 18 : 12;
    box.append(svg("use", { class: "at " + what, href: "#s-" + what, x: percent(x), y: high ? 6 : 0, width: size, height: size, transform: `translate(${-size / 2} 0)` }));
  }
  return box;
}

/** Ticks of an axis: days and, where there is room, hours. */
function ticks(report, axis) {
  const box = el("div", { class: "ticks", "aria-hidden": "true" });
  let [last, day] = [-1, null];
  const starts = new Set([0, ...axis.breaks]);
  axis.at.forEach((at, i) => {
    const x = axis.x[i] / axis.width, wall = report.when(at), of = Math.floor(wall / DAY);
    const fresh = of !== day;
    if (!(fresh || starts.has(i)) || x - last < (fresh ? 0.085 : 0.06) || x > 0.95) return;
    const tick = el("span", { class: fresh ? "tick day" : "tick", text: fresh ? DATE_SHORT.format(wall) : CLOCK.format(wall) });
    if (fresh) tick.append(el("small", { text: CLOCK.format(wall) }));
    tick.style.left = percent(x);
    box.append(tick);
    [last, day] = [x, of];
  });
  return box;
}

function axis_of(report, whose) {
  const moments = [];
  for (const who of whose) for (const index of report.of.get(who) ?? []) moments.push(report.entries[index].at);
  const first = moments.reduce((least, at) => Math.min(least, at), Infinity);
  // What opened a window long before the recording began would leave no room for it.
  for (const who of whose) for (const window of report.windows_of.get(who) ?? [])
    moments.push(...[window.opens_at, window.ends_at].filter((at) => at >= first));
  return new Axis(moments);
}

function counted(report, who) {
  const counts = { refusal: 0, held: 0, doubt: 0, fault: 0, differs: 0 };
  for (const index of report.of.get(who) ?? []) {
    const entry = report.entries[index];
    // A refusal of Meta and the event about it are one.
    if (entry.mark && entry.direction === "event") counts[entry.mark]++;
    else if (entry.mark === "fault") counts.fault++;
    if (report.differs.has(index)) counts.differs++;
  }
  return counts;
}

function overview() {
  const home = $("overview");
  const whose = replay.whose();
  home.hidden = whose.length === 0;
  const axis = axis_of(replay, whose);
  const list = el("ol", { class: "people" });
  const near = new IntersectionObserver((seen) => seen.filter((one) => one.isIntersecting).forEach((one) => {
    near.unobserve(one.target);
    one.target.querySelector(".track").append(strip(replay, one.target.dataset.who, axis, false));
  }), { rootMargin: "600px" });
  let page = null;
  for (const who of whose) {
    if (replay.page(who) !== page) {
      page = replay.page(who);
      list.append(el("li", { class: "of-page", text: page }));
    }
    const counts = counted(replay, who), named = replay.title(who);
    const pills = el("span", { class: "pills" });
    for (const [mark, count] of Object.entries(counts))
      if (count) pills.append(el("span", { class: "pill " + mark, title: mark === "differs" ? "lines differ" : MARKS[mark] }, sign(mark), String(count)));
    const spoken = Object.entries(counts).filter(([, count]) => count).map(([mark, count]) => `${count} ${MARKS[mark] ?? "differing"}`);
    const row = el("li", { class: "one", "data-who": who },
      el("button", { type: "button", class: "who", "data-who": who, onclick: () => show(who, true),
        "aria-label": [named, who, ...spoken].join(", ") },
        el("span", { class: "name", dir: "auto", text: named }), el("span", { class: "short", text: who })),
      el("span", { class: "track" }), pills);
    list.append(row);
    near.observe(row);
  }
  home.querySelector(".chart").replaceChildren(el("div", { class: "axis" }, el("span"), ticks(replay, axis), el("span")), list);
}

// ---- The conversation that is shown ----

function headed() {
  const home = $("whose");
  const who = view.who;
  home.hidden = !who;
  $("all").hidden = !who;
  $("timeline-title").textContent = who ? "Timeline" : "Timeline of all conversations";
  if (!who) return home.replaceChildren();
  const named = replay.names.get(who), axis = axis_of(replay, [who]);
  const told = el("ul", { class: "windows" });
  for (const window of replay.windows_of.get(who) ?? []) {
    const more = window.openers.length - 1;
    told.append(el("li", { class: window.window },
      el("span", { class: "key " + window.window }), el("strong", { text: WINDOWS[window.window] }),
      ` opens ${DATE_SHORT.format(replay.when(window.opens_at))} ${CLOCK.format(replay.when(window.opens_at))}` +
      (more > 0 ? `, prolonged ${more === 1 ? "once" : more + " times"}` : "") +
      `, closes ${DATE_SHORT.format(replay.when(window.ends_at))} ${CLOCK.format(replay.when(window.ends_at))}`));
  }
  const ids = [who, named?.id, replay.page(who)].filter(Boolean).join(" · ");
  home.replaceChildren(
    el("div", { class: "named" }, el("h3", { dir: "auto", text: replay.title(who) }), el("span", { class: "soft", text: ids })),
    el("div", { class: "large" }, ticks(replay, axis), strip(replay, who, axis, true)), told);
}

// ---- The lanes ----

const key = (entry) => entry.kind.replace(/^([df])\d+$/, (all, letter) => (letter === "d" ? "delivery" : "comment of an agent")).replace(/-of-(e\d+|another.*)$/, "");

function fits(entry) {
  if (!view.lane.has(entry.lane)) return false;
  if (view.kind && key(entry) !== view.kind) return false;
  if (view.mark === "marked" && !entry.mark) return false;
  if (view.mark === "differs" && !replay.differs.has(entry.index)) return false;
  if (MARKS[view.mark] && entry.mark !== view.mark) return false;
  return !view.words || entry.text.toLowerCase().includes(view.words) || replay.name(entry.who).toLowerCase().includes(view.words);
}

/** The rows to draw: entries, ends of windows, days and silence between them. */
function laid() {
  const indices = view.who ? replay.of.get(view.who) ?? [] : replay.entries.keys();
  const found = [];
  for (const index of indices) if (fits(replay.entries[index])) found.push({ at: replay.entries[index].at, entry: replay.entries[index] });
  const windows = view.who ? replay.windows_of.get(view.who) ?? [] : [];
  if (found.length && !view.words && !view.kind && !view.mark)
    for (const window of windows) found.push({ at: window.ends_at, ends: window });
  found.sort((a, b) => a.at - b.at || (a.entry?.index ?? -1) - (b.entry?.index ?? -1));
  const all = [];
  let [before, day] = [null, null];
  for (const one of found) {
    const of = Math.floor(replay.when(one.at) / DAY), fresh = of !== day && DATE.format(replay.when(one.at));
    if (before !== null && one.at - before > SILENCE) all.push({ at: before + 1, silence: one.at - before, day: fresh });
    else if (fresh) all.push({ at: one.at, day: fresh });
    one.same = before === one.at && all.at(-1)?.entry !== undefined;
    all.push(one);
    [before, day] = [one.at, of];
  }
  for (const row of all) row.in = windows.filter((window) => window.opens_at <= row.at && row.at < window.ends_at).map((window) => window.window);
  return all;
}

function gutter(row) {
  const box = el("span", { class: "gutter", "aria-hidden": "true" });
  for (const window of Object.keys(WINDOWS))
    box.append(el("i", { class: window + (row.in.includes(window) ? " in" : "") + (row.ends?.window === window ? " end" : "") }));
  return box;
}

function drawn(row) {
  const line = el("li", { class: "line" + (row.silence ? " silence" : row.ends ? " ends" : row.entry ? " " + row.entry.lane : " day") });
  if (row.silence || (!row.entry && !row.ends)) {
    line.append(el("span", { class: "time" }), gutter(row), el("span", { class: "between" },
      row.silence ? el("span", { class: "gap" }, sign("silence"), span(row.silence) + " of silence") : null,
      row.day ? el("strong", { text: row.day }) : null));
    return line;
  }
  if (row.ends) {
    line.append(el("span", { class: "time", text: CLOCK.format(replay.when(row.at)) }), gutter(row),
      el("span", { class: "closing " + row.ends.window }, sign("closes"), `${WINDOWS[row.ends.window]} closes`));
    return line;
  }
  const entry = row.entry, text = brief(entry), differs = replay.differs.has(entry.index);
  const who = !view.who && entry.who !== "-" ? entry.who : null;
  const card = el("button", {
    type: "button", class: ["card", entry.lane, entry.direction, entry.mark, differs && "differs"].filter(Boolean).join(" "),
    id: entry.anchor, "data-index": entry.index, tabindex: chosen === entry.index ? 0 : -1, "aria-expanded": chosen === entry.index,
    "aria-controls": "record",
  },
    el("span", { class: "head" },
      entry.direction === "event" ? el("span", { class: "number", text: String(entry.number) }) : sign(entry.direction),
      el("span", { class: "kind", text: entry.kind }),
      entry.mark ? el("span", { class: "pill " + entry.mark }, sign(entry.mark), MARKS[entry.mark]) : null,
      differs ? el("span", { class: "pill differs" }, sign("differs"), "differs") : null,
      who ? el("span", { class: "of", dir: "auto", title: replay.name(who), text: who }) : null,
      el("span", { class: "lane-word", text: LANES[entry.lane] })),
    text ? el("span", { class: "text " + voice(entry), dir: "auto", text }) : null);
  line.append(el("span", { class: row.same ? "time same" : "time", text: entry.moment }), gutter(row));
  if (entry.direction !== "event") line.append(el("span", { class: `wire ${entry.lane} ${entry.direction}`, "aria-hidden": "true" }));
  line.append(card);
  return line;
}

function fill(chunk) {
  if (chunk.childElementCount) return;
  const from = Number(chunk.dataset.from);
  chunk.append(...rows.slice(from, from + CHUNK).map(drawn));
  chunk.style.minHeight = "";
  filling?.unobserve(chunk);
}

function draw() {
  rows = laid();
  const lines = $("lines"), shown = rows.filter((row) => row.entry).length;
  filling?.disconnect();
  filling = new IntersectionObserver((seen) => seen.filter((one) => one.isIntersecting).forEach((one) => fill(one.target)), { rootMargin: "1200px" });
  const chunks = [];
  for (let from = 0; from < rows.length; from += CHUNK) {
    const chunk = el("ol", { class: "chunk", "data-from": from });
    chunk.style.minHeight = Math.min(CHUNK, rows.length - from) * 44 + "px";
    chunks.push(chunk);
  }
  lines.replaceChildren(...chunks);
  lines.classList.toggle("single", view.who !== "");
  if (chunks.length) fill(chunks[0]);
  chunks.forEach((chunk) => chunk.childElementCount || filling.observe(chunk));
  $("nothing").hidden = shown > 0;
  const of = view.who ? (replay.of.get(view.who) ?? []).length : replay.entries.length;
  $("count").textContent = shown === of ? many(of, "record") : `${shown.toLocaleString("en")} of ${many(of, "record")}`;
  const first = lines.querySelector(".card");
  if (first && !lines.querySelector('.card[tabindex="0"]')) first.tabIndex = 0;
  for (const one of document.querySelectorAll(".people .who")) {
    const here = one.dataset.who === view.who;
    if (here) one.setAttribute("aria-current", "true"); else one.removeAttribute("aria-current");
  }
}

/** Brings an entry's card into being; `null` where the filters leave it out. */
function card_of(index) {
  const place = rows.findIndex((row) => row.entry?.index === index);
  if (place < 0) return null;
  const chunk = $("lines").children[Math.floor(place / CHUNK)];
  fill(chunk);
  return chunk.querySelector(`[data-index="${index}"]`);
}

function show(who, scrolls = false) {
  view.who = who;
  $("f-who").value = who;
  kinds();
  headed();
  draw();
  if (scrolls) {
    history.replaceState(null, "", who ? "#" + replay.prefix + "c-" + who.replace("/", "-") : "#" + replay.prefix + "timeline");
    $("timeline").scrollIntoView({ behavior: still.matches ? "auto" : "smooth", block: "start" });
  }
}

function kinds() {
  const counts = new Map();
  for (const index of view.who ? replay.of.get(view.who) ?? [] : replay.entries.keys()) {
    const name = key(replay.entries[index]);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  if (!counts.has(view.kind)) view.kind = "";
  const options = [...counts].sort().map(([name, count]) => el("option", { value: name, text: `${name} (${count})` }));
  $("f-kind").replaceChildren(el("option", { value: "", text: "All kinds" }), ...options);
  $("f-kind").value = view.kind;
}

// ---- The record ----

function choose(index, focuses) {
  const entry = replay.entries[index];
  const old = document.querySelector('.card[aria-expanded="true"]');
  if (old) { old.setAttribute("aria-expanded", "false"); old.tabIndex = -1; }
  for (const one of document.querySelectorAll(".card.tied")) one.classList.remove("tied");
  document.querySelectorAll('.card[tabindex="0"]').forEach((one) => { one.tabIndex = -1; });
  chosen = index;
  for (const link of entry.links) document.getElementById(replay.entries[link].anchor)?.classList.add("tied");
  const card = document.getElementById(entry.anchor);
  if (card) { card.setAttribute("aria-expanded", "true"); card.tabIndex = 0; if (focuses) card.focus({ preventScroll: true }); }
  history.replaceState(null, "", "#" + entry.anchor);
  record(entry);
}

/** How the windows of an entry's conversation stand at its moment. */
function standing(entry) {
  const windows = (replay.windows_of.get(entry.who) ?? []).filter((window) => window.opens_at <= entry.at);
  return Object.entries(WINDOWS).flatMap(([kind, name]) => {
    const last = windows.filter((window) => window.window === kind).at(-1);
    if (!last && kind === "ad") return [];
    if (!last) return windows.length || replay.windows_of.has(entry.who) ? [[name, "never opened before"]] : [];
    const till = Math.min(last.ends_at, Math.max(...last.openers.filter((at) => at <= entry.at)) + (kind === "standard" ? DAY : 7 * DAY));
    return [[name, entry.at < till ? `open, closes in ${span(till - entry.at)}` : `closed ${span(entry.at - till)} before`]];
  });
}

function record(entry) {
  const fields = el("dl", {});
  const row = (name, value, given = {}) => fields.append(el("dt", { text: name }), el("dd", { dir: "auto", ...given, text: value }));
  row("when", exact(replay.when(entry.at)));
  row("since the beginning", entry.moment);
  row("whose", entry.who === "-" ? "nobody’s in particular" : [...new Set([replay.name(entry.who), entry.who, replay.page(entry.who)])].join(" · "));
  row("lane", LANES[entry.lane] + { event: ", an event", leaves: ", leaves the node", comes: ", comes in" }[entry.direction]);
  if (entry.number !== null) row("number", String(entry.number));
  for (const [window, words] of standing(entry)) row(window, words, { class: "standing" });
  const own = Object.entries(entry.fields);
  for (const [name, value] of own) row(name, value, { class: "own" });
  entry.texts.forEach((text) => row("text", text, { class: "own said" }));
  const ties = el("ul", { class: "ties" });
  for (const link of entry.links) {
    const other = replay.entries[link];
    ties.append(el("li", {}, el("a", { href: "#" + other.anchor }, el("span", { class: "dot " + other.lane }),
      el("span", { class: "kind", text: other.kind }), el("span", { class: "soft", text: LANES[other.lane] + " · " + (other.at === entry.at ? "same moment" : (other.at > entry.at ? "+" : "−") + span(other.at - entry.at)) }))));
  }
  const difference = replay.differs.get(entry.index);
  $("record-body").replaceChildren(
    el("div", { class: "record-head" }, el("span", { class: "dot " + entry.lane }), el("h3", { id: "record-title", text: entry.kind }),
      entry.mark ? el("span", { class: "pill " + entry.mark }, sign(entry.mark), MARKS[entry.mark]) : ""),
    el("p", { class: "anchor" }, el("a", { href: "#" + entry.anchor, text: "#" + entry.anchor }), el("span", { class: "soft", text: " opens this file here" })),
    difference === undefined ? "" : el("p", {}, el("a", { class: "pill differs", href: `#${replay.prefix}d-${difference + 1}` }, sign("differs"), "Not as approved: compare")),
    fields,
    el("h4", { text: "The line of the trace" }), el("code", { class: "whole", dir: "ltr", text: entry.text }),
    entry.links.length ? el("h4", { text: "Belongs to it" }) : "", entry.links.length ? ties : "");
  $("record").hidden = false;
  $("record-body").scrollTop = 0;
  $("lanes").classList.add("open");
}

function close() {
  $("record").hidden = true;
  $("lanes").classList.remove("open");
  const card = chosen === null ? null : document.getElementById(replay.entries[chosen].anchor);
  card?.setAttribute("aria-expanded", "false");
  card?.focus();
  chosen = null;
}

function step(by, keep = () => true) {
  const here = document.activeElement.closest?.(".card");
  const from = here ? rows.findIndex((row) => row.entry?.index === Number(here.dataset.index)) : -1;
  for (let i = from + by; i >= 0 && i < rows.length; i += by) {
    if (!rows[i].entry || !keep(rows[i].entry)) continue;
    const card = card_of(rows[i].entry.index);
    document.querySelectorAll('.card[tabindex="0"]').forEach((one) => { one.tabIndex = -1; });
    card.tabIndex = 0;
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
    if (!$("record").hidden) choose(rows[i].entry.index, true);
    return;
  }
}

function pressed(event) {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === "Escape" && !$("record").hidden) { event.preventDefault(); return close(); }
  const field = event.target.closest("input, select, textarea");
  if (field) return;
  if (event.key === "/") { event.preventDefault(); return $("f-words").focus(); }
  const marked = (entry) => entry.mark !== null || replay.differs.has(entry.index);
  if (event.key === "n") return step(1, marked);
  if (event.key === "p") return step(-1, marked);
  if (!event.target.closest(".card")) return;
  const by = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
  if (by) { event.preventDefault(); step(by); }
}

// ---- Where to ----

/** Opens what the address names. */
function open_at() {
  const name = decodeURIComponent(location.hash.slice(1));
  const number = /^r(\d+)(-|$)/.exec(name);
  const wanted = number ? Number(number[1]) - 1 : 0;
  if (replays[wanted] && (name && replays[wanted] !== replay)) turn_to(wanted);
  const index = replay.anchors.get(name);
  if (index !== undefined) return reveal(index);
  const of = name.startsWith(replay.prefix + "c-") ? name.slice(replay.prefix.length + 2).replace("-", "/") : null;
  if (of && replay.of.has(of)) { show(of); $("timeline").scrollIntoView(); }
}

function reveal(index) {
  const entry = replay.entries[index];
  let card = rows.length ? card_of(index) : null;
  const whose = replay.whose().includes(entry.who) ? entry.who : "";
  if (!card || view.who !== whose) {
    reset();
    show(whose);
    card = card_of(index);
  }
  choose(index, true);
  card?.scrollIntoView({ block: "center" });
}

function reset() {
  Object.assign(view, { lane: new Set(Object.keys(LANES)), kind: "", mark: "", words: "" });
  $("f-words").value = "";
  $("f-mark").value = "";
  document.querySelectorAll("[data-lane]").forEach((one) => one.setAttribute("aria-pressed", "true"));
}

function turn_to(number) {
  if (!replays[number]) return;
  replay = replays[number];
  chosen = null;
  $("record").hidden = true;
  document.querySelectorAll(".recording").forEach((one, of) => { one.hidden = of !== number; });
  document.querySelectorAll(".chooser a").forEach((one, of) => { if (of === number) one.setAttribute("aria-current", "true"); else one.removeAttribute("aria-current"); });
  const people = replay.whose();
  $("f-who").replaceChildren(el("option", { value: "", text: "All conversations" }),
    ...people.map((who) => el("option", { value: who, text: `${replay.title(who)} (${who})` })));
  const marks = new Map();
  for (const entry of replay.entries) if (entry.mark) marks.set(entry.mark, (marks.get(entry.mark) ?? 0) + 1);
  $("f-mark").replaceChildren(el("option", { value: "", text: "Marked or not" }),
    ...(marks.size ? [el("option", { value: "marked", text: "Everything marked" })] : []),
    ...Object.keys(MARKS).filter((mark) => marks.has(mark)).map((mark) => el("option", { value: mark, text: `${MARKS[mark]} (${marks.get(mark)})` })),
    ...(replay.differs.size ? [el("option", { value: "differs", text: `differs (${replay.differs.size})` })] : []));
  reset();
  overview();
  show("");
}

replays = DATA.map((report, number) => new Replay(report, number));
$("f-who").addEventListener("change", (event) => show(event.target.value));
$("f-kind").addEventListener("change", (event) => { view.kind = event.target.value; draw(); });
$("f-mark").addEventListener("change", (event) => { view.mark = event.target.value; draw(); });
let typing = 0;
$("f-words").addEventListener("input", (event) => {
  clearTimeout(typing);
  typing = setTimeout(() => { view.words = event.target.value.trim().toLowerCase(); draw(); }, 120);
});
document.querySelectorAll("[data-lane]").forEach((one) => one.addEventListener("click", () => {
  const on = one.getAttribute("aria-pressed") !== "true";
  one.setAttribute("aria-pressed", String(on));
  if (on) view.lane.add(one.dataset.lane); else view.lane.delete(one.dataset.lane);
  draw();
}));
$("lines").addEventListener("click", (event) => {
  const card = event.target.closest(".card");
  if (card) choose(Number(card.dataset.index), true);
});
$("all").addEventListener("click", () => show("", true));
$("record-close").addEventListener("click", close);
document.addEventListener("keydown", pressed);
addEventListener("hashchange", open_at);
addEventListener("beforeprint", () => { if (rows.length <= 4000) for (const chunk of $("lines").children) fill(chunk); });
turn_to(0);
open_at();
document.documentElement.dataset.ready = "true";
})();
