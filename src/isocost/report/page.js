"use strict";
/* The page works without this file: the summary and all tables stand in the HTML. This adds the plot, sorting and the answers.
   Whatever a model said enters the page as text (textContent), never as markup. */

const story = JSON.parse(document.getElementById("story").textContent);
const byId = (id) => document.getElementById(id);
const chosen = new Set(); // the systems looked at; empty: all

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/* ---- numbers in words: the same rules as words.py ---- */
function digits(value) {
  if (value === 0) return "0";
  const after = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString("en", { minimumFractionDigits: Math.min(after, 20), maximumFractionDigits: Math.min(after, 20) });
}
function say(kind, value) {
  if (value === null || value === undefined) return kind === "money" ? "unpriced" : "not measured";
  if (kind === "share") return `${(100 * value).toFixed(1)} %`;
  if (kind === "money") return `$${digits(value)}`;
  if (Number.isInteger(value)) return value.toLocaleString("en");
  return digits(value) + ({ seconds: " s", joules: " J" }[kind] ?? "");
}
function sure(p) {
  return p >= 0.995 ? "> 99 %" : p <= 0.005 ? "< 1 %" : `${Math.round(100 * p)} %`;
}
const count = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;

/* ---- the plot ---- */
const axes = Object.fromEntries(story.axes.map((axis) => [axis.name, axis]));
let view = null;

function points(x, y) {
  const drawn = story.frontiers.find((each) => each.x === x && each.y === y);
  const rows = [];
  for (const system of story.systems) {
    const [a, b] = [system.values[x], system.values[y]];
    if (!a || !b) continue;
    rows.push({ system: system.name, x: a[0], x_low: a[1], x_high: a[2], y: b[0], y_low: b[1], y_high: b[2] });
  }
  const sign = axes[y] && axes[y].more ? 1 : -1;
  for (const row of rows) {
    row.on = drawn && row.system in drawn.surely ? drawn.members.includes(row.system) : !rows.some((o) => o.x <= row.x && sign * o.y >= sign * row.y && (o.x < row.x || sign * o.y > sign * row.y));
    row.p = drawn ? drawn.surely[row.system] ?? 0 : row.on ? 1 : 0;
    row.known = Boolean(drawn);
    row.spoken = `${row.system}: ${say(axes[y].kind, row.y)}, ${say(axes[x].kind, row.x)}`;
  }
  return rows;
}

function specification(palette, width) {
  const [x, y] = [byId("axis-x").value, byId("axis-y").value];
  const rows = points(x, y);
  const logarithmic = byId("log").checked && rows.every((row) => row.x > 0);
  if (logarithmic) for (const row of rows) if (row.x_low !== null && row.x_low <= 0) row.x_low = row.x;
  const steps = rows.filter((row) => row.on).map((row) => ({ x: row.x, y: row.y })).sort((a, b) => a.x - b.x || a.y - b.y);
  if (steps.length) steps.push({ x: Math.max(...rows.map((row) => row.x)), y: steps[steps.length - 1].y });
  const spec = JSON.parse(JSON.stringify(story.plot), (key, value) =>
    typeof value === "string" && value[0] === "$" && value.slice(1) in palette ? palette[value.slice(1)] : value);
  spec.width = width;
  spec.height = Math.max(300, Math.min(460, Math.round(width * 0.52)));
  spec.description = `${axes[y].title} against ${axes[x].title}; the table below has the same numbers`;
  spec.data[0].values = rows;
  spec.data[1].values = steps;
  Object.assign(spec.scales[0], logarithmic ? { type: "log", nice: false } : {});
  for (const [axis, name] of [[spec.axes[0], x], [spec.axes[1], y]]) Object.assign(axis, { title: axes[name].title, format: axes[name].format });
  if (width < 480) spec.axes[0].tickCount = spec.axes[1].tickCount = 4;
  spec.signals[0].value = [...chosen];
  return spec;
}

const NAMES = ["front", "ink", "soft", "rule", "paper"];
const live = Object.fromEntries(NAMES.map((name) => [name, `var(--${name})`])); // follows dark mode and print by itself

function embed(target, palette, width, renderer) {
  return vegaEmbed(target, specification(palette, width), { mode: "vega", ast: true, actions: false, renderer, tooltip: tip });
}

async function draw() {
  const place = byId("plot");
  if (!place) return;
  const [x, y] = [byId("axis-x").value, byId("axis-y").value];
  const rows = points(x, y);
  byId("log").disabled = !rows.every((row) => row.x > 0);
  const missing = story.systems.length - rows.length;
  const known = story.frontiers.some((each) => each.x === x && each.y === y);
  byId("plot-note").textContent = [
    rows.length ? "" : "No system has both of these measured.",
    missing && rows.length ? `${count(missing, "system")} not shown: ${axes[x].label} or ${axes[y].label} is not known.` : "",
    known || !rows.length ? "" : "For these axes the line follows the measured values; how sure it is was not computed.",
  ].join(" ").trim();
  if (view) view.finalize();
  view = null;
  place.replaceChildren();
  if (!rows.length) return;
  const made = await embed(place, live, place.clientWidth, "svg");
  view = made;
  made.view.addEventListener("click", (event, item) => {
    if (item && item.datum && item.datum.system) toggle(item.datum.system);
  });
}

function tip(handler, event, item, value) {
  const box = byId("tip");
  box.hidden = !value;
  if (!value) return;
  const system = story.systems.find((each) => each.name === value.system);
  const lines = el("dl");
  const line = (term, text) => lines.append(el("dt", {}, term), el("dd", {}, text));
  for (const name of new Set([byId("axis-y").value, byId("axis-x").value])) {
    const [middle, low, high] = system.values[name];
    line(axes[name].label, `${say(axes[name].kind, middle)} (${low === null || high === null ? "no interval" : `${say(axes[name].kind, low)} to ${say(axes[name].kind, high)}`})`);
  }
  line("on the frontier", value.known ? sure(value.p) : value.on ? "yes" : "no");
  for (const [key, setting] of Object.entries(system.settings)) line(key, setting);
  box.replaceChildren(el("strong", {}, system.name), lines);
  const { clientX, clientY } = event;
  const wide = box.offsetWidth, high = box.offsetHeight;
  box.style.left = `${Math.max(8, Math.min(clientX + 14, innerWidth - wide - 8))}px`;
  box.style.top = `${Math.max(8, clientY + 14 + high > innerHeight ? clientY - high - 14 : clientY + 14)}px`;
}

async function download(kind) {
  const light = story.light;
  const holder = el("div", { style: "position:absolute;left:-9999px" });
  document.body.append(holder);
  const made = await vegaEmbed(holder, { ...specification(light, 820), background: light.paper }, { mode: "vega", ast: true, actions: false });
  const link = el("a", { href: await made.view.toImageURL(kind, kind === "png" ? 2 : 1), download: `frontier.${kind}` });
  made.finalize();
  holder.remove();
  document.body.append(link);
  link.click();
  link.remove();
}

/* ---- looking at some systems only ---- */
function toggle(name) {
  if (!chosen.delete(name)) chosen.add(name);
  if (chosen.size === story.systems.length) chosen.clear();
  look();
}

function look() {
  for (const row of document.querySelectorAll("tr[data-system]")) {
    row.hidden = chosen.size > 0 && !chosen.has(row.dataset.system);
    const button = row.querySelector("th button");
    if (button) button.setAttribute("aria-pressed", String(chosen.has(row.dataset.system)));
  }
  const bar = byId("looking");
  if (bar) {
    bar.replaceChildren(...(chosen.size
      ? ["Looking at ", ...[...chosen].map((name) => el("button", { class: "chip", "aria-label": `stop looking at ${name}`, onclick: () => toggle(name) }, name)),
         el("select", { "aria-label": "look at another system too", onchange: (event) => toggle(event.target.value) },
           el("option", { value: "" }, "and another …"), ...story.systems.filter((each) => !chosen.has(each.name)).map((each) => el("option", {}, each.name))),
         el("button", { class: "clear", onclick: () => { chosen.clear(); look(); } }, "all systems")]
      : ["Looking at all systems. Click a point, or a name in the table, to look at one."]));
  }
  if (view) view.view.signal("selected", [...chosen]).runAsync();
  page = 0;
  list();
}

/* ---- sorting ---- */
function sortable(table) {
  for (const [index, head] of [...table.tHead.rows[0].cells].entries()) {
    const button = el("button", { type: "button" }, ...head.childNodes);
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") === (head.dataset.first === "descending" ? "descending" : "ascending")
        ? head.dataset.first === "descending" : head.dataset.first !== "descending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = (row) => row.cells[index].dataset.v ?? row.cells[index].textContent;
      const rows = [...table.tBodies[0].rows].sort((a, b) => {
        const [left, right] = [key(a), key(b)];
        if (left === "" || right === "") return (left === "") - (right === ""); // what was not measured comes last either way
        const order = Number.isNaN(Number(left)) ? left.localeCompare(right) : Number(left) - Number(right);
        return up ? order : -order;
      });
      table.tBodies[0].append(...rows);
      byId("said").textContent = `${table.caption.dataset.name}: sorted by ${button.textContent}, ${up ? "ascending" : "descending"}`;
    });
  }
}

/* ---- questions ---- */
const EACH = 20;
let data = null, starts = [], page = 0, haystacks = null;

async function unpack() {
  const packed = Uint8Array.from(atob(byId("rows").textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  data = JSON.parse(await new Response(stream).text());
  byId("rows").remove();
  let start = 0;
  starts = data.item.map((n) => (start += n) - n);
  list();
}

const text = (number) => (number === null || number === undefined ? null : data.texts[number]);
const mark = (row) => (data.error[row] !== null ? "e" : data.score[row] === null ? "n" : data.score[row] >= 1 ? "r" : data.score[row] > 0 ? "p" : "w");
const MARKS = { r: "right", w: "wrong", p: "partly right", e: "error", n: "not graded" };

function answersTo(item) {
  const rows = [];
  for (let row = starts[item]; row < starts[item] + data.item[item]; row++) {
    if (!chosen.size || chosen.has(story.systems[data.system[row]].name)) rows.push(row);
  }
  return rows;
}

const TESTS = {
  any: () => true,
  right: (n) => n.r > 0 && n.r === n.all,
  wrong: (n) => n.r === 0 && n.w + n.p > 0,
  split: (n) => n.r > 0 && n.w + n.p > 0,
  error: (n) => n.e > 0,
};

function tally(rows) {
  const n = { r: 0, w: 0, p: 0, e: 0, n: 0, all: rows.length };
  for (const row of rows) n[mark(row)]++;
  return n;
}

function haystack(item) {
  haystacks ??= data.items.id.map((id, i) => {
    const said = [];
    for (let row = starts[i]; row < starts[i] + data.item[i]; row++) said.push(text(data.answer[row]));
    return [id, text(data.items.question[i]), text(data.items.target[i]), ...new Set(said)].join("\n").toLowerCase();
  });
  return haystacks[item];
}

function list() {
  if (!data || !byId("list")) return;
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const task = byId("task") ? byId("task").value : "";
  const test = TESTS[byId("outcome").value];
  const found = [];
  for (let item = 0; item < data.items.id.length; item++) {
    if (task && text(data.items.task[item]) !== task) continue;
    const rows = answersTo(item);
    if (!test(tally(rows))) continue;
    if (words.length && !words.every((word) => haystack(item).includes(word))) continue;
    found.push([item, rows]);
  }
  const pages = Math.max(1, Math.ceil(found.length / EACH));
  page = Math.min(page, pages - 1);
  byId("found").textContent = `${found.length.toLocaleString("en")} of ${count(data.items.id.length, "question")}`
    + (pages > 1 ? `, page ${page + 1} of ${pages.toLocaleString("en")}` : "");
  byId("back").disabled = page === 0;
  byId("next").disabled = page >= pages - 1;
  byId("list").replaceChildren(...found.slice(page * EACH, (page + 1) * EACH).map(([item, rows]) => el("li", {}, question(item, rows))));
}

function question(item, rows) {
  const n = tally(rows);
  const strip = el("span", { class: "strip", "aria-hidden": "true" });
  for (const row of rows) strip.append(el("i", { class: mark(row), title: `${story.systems[data.system[row]].name}: ${MARKS[mark(row)]}` }));
  const box = el("details", {}, el("summary", {},
    el("span", { class: "q" }, el("small", {}, data.items.id[item]), (text(data.items.question[item]) ?? "").slice(0, 300)),
    strip, el("span", { class: "score" }, `${n.r} of ${n.all} right${n.e ? `, ${count(n.e, "error")}` : ""}`)));
  box.addEventListener("toggle", () => { if (box.open && box.children.length === 1) box.append(answers(item, rows)); });
  return box;
}

function answers(item, rows) {
  const has = (column) => rows.some((row) => data[column][row] !== null && data[column][row] !== undefined);
  const shown = [["tokens", "tokens", "count"], ["cost", "cost", "money"], ["seconds", "seconds", "seconds"]].filter(([name]) => has(name));
  const body = el("tbody");
  for (const row of rows) {
    const kind = mark(row), whole = text(data.whole[row]);
    const graded = kind === "p" ? `${MARKS.p} (${data.score[row]})` : MARKS[kind];
    body.append(el("tr", {}, el("th", { scope: "row" }, story.systems[data.system[row]].name),
      el("td", { class: `t verdict-${kind}` }, graded),
      el("td", { class: "said" }, text(data.error[row]) ?? text(data.answer[row]) ?? "", whole ? el("span", { class: "whole", tabindex: "0" }, whole) : null),
      ...shown.map(([name, , unit]) => el("td", {}, say(unit, data[name][row] ?? null)))));
  }
  const task = text(data.items.task[item]), target = text(data.items.target[item]);
  return el("div", { class: "answers" },
    el("p", { class: "full" }, text(data.items.question[item]) ?? "The text of this question was not stored.",
      target === null ? "" : `\n\nExpected: ${target}`, task ? `\nTask: ${task}` : ""),
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Answers to ${data.items.id[item]}` },
      el("table", {}, el("caption", { class: "sr" }, `Answers to ${data.items.id[item]}`),
        el("thead", {}, el("tr", {}, ...["system", "graded", "answer"].map((name) => el("th", { scope: "col", class: "t" }, name)),
          ...shown.map(([, label]) => el("th", { scope: "col" }, label)))), body)));
}

/* ---- begin ---- */
for (const table of document.querySelectorAll("table.sortable")) sortable(table);
for (const row of document.querySelectorAll("#system-table tr[data-system] th")) {
  const name = row.parentElement.dataset.system;
  const label = row.firstChild;
  label.replaceWith(el("button", { type: "button", "aria-pressed": "false", onclick: () => toggle(name) }, label.textContent));
}
if (byId("plot")) {
  for (const id of ["axis-x", "axis-y", "log"]) byId(id).addEventListener("change", draw);
  for (const kind of ["png", "svg"]) byId(`save-${kind}`).addEventListener("click", () => download(kind));
  let width = 0;
  new ResizeObserver(() => {
    if (Math.abs(byId("plot").clientWidth - width) > 1) { width = byId("plot").clientWidth; draw(); }
  }).observe(byId("plot"));
}
if (byId("list")) {
  for (const id of ["search", "task", "outcome"]) if (byId(id)) byId(id).addEventListener("input", () => { page = 0; list(); });
  const turn = (by) => () => { page += by; list(); byId("found").scrollIntoView({ block: "nearest" }); };
  byId("back").addEventListener("click", turn(-1));
  byId("next").addEventListener("click", turn(1));
  unpack();
}
look();
