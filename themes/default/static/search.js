// The search page: search-index.js finds and orders, the page's own templates show.
// Every text a reader sees stands in search.html.

import { Panel, isChosen, tally } from "./search-facets.js";
import { Unavailable, all, find, meant, openIndex, ordered } from "./search-index.js";
import { CJK_GAP, CJK_RUN, bare, joined } from "./search-query.js";

const app = document.getElementById("search");
const at = (name) => document.getElementById(`search-${name}`);
const field = at("field");
const sort = at("sort");
const say = { ...app.dataset };
const counted = JSON.parse(say.count); // by the kind of number: "one", "few" …

const PAGE = 20;
const PAUSE = 250; // ms of no typing before a search
const ANNOUNCE = 1000; // ms of no typing before the count is read out

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
const number = (n) => n.toLocaleString(say.language);
const address = (path) => new URL(say.root + path, document.baseURI).href;
const quoted = (words) => words.map((word) => fill(say.quoted, { text: word })).join(say.separator);

let opening;
const index = () => (opening ??= openIndex(address("pagefind/")).catch((error) => { opening = undefined; throw error; }));

// One search serves all filters, orders and pages of its results.
let last = {};

function found(q, opened) {
  if (last.q !== q || last.opened !== opened) {
    const results = q ? find(q, opened) : Promise.resolve(all(opened));
    last = { q, opened, results };
    results.catch(() => { last = {}; });
  }
  return last.results;
}

// Why nothing was looked for.
function refusal({ dropped, problems }) {
  const long = dropped.filter(({ short }) => !short).map(({ text }) => text);
  if (long.length) return fill(say.tooCommon, { words: quoted(long) });
  return problems.length ? sentences(problems) : say.tooShort;
}

const sentences = (problems) => problems.map(({ code, facet, words, ...values }) => (
  fill(say[`problem${code[0].toUpperCase()}${code.slice(1)}`], { facet: facet && panel.title(facet), words: words && quoted(words), ...values })
)).join(" ");

// Results -> page -------------------------------------------------------------------------------------------------

const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&", "&#34;": '"', "&#39;": "'" };
const unescaped = (text) => text.replace(/&(?:lt|gt|amp|#34|#39);/g, (entity) => ENTITIES[entity]);

// Never innerHTML: of all markup only these few elements can come out.
function markup(html) {
  const top = document.createDocumentFragment();
  const open = [top];
  for (const part of html.split(/(<[^<>]*>)/)) {
    const tag = /^<(\/?)(i|b|sub|sup|span)(?: class="([\w-]+)")?>$/.exec(part);
    if (!tag) open.at(-1).append(unescaped(part));
    else if (tag[1]) { if (open.length > 1) open.pop(); }
    else {
      const element = document.createElement(tag[2]);
      if (tag[3]) element.className = tag[3];
      open.at(-1).append(element);
      open.push(element);
    }
  }
  return top;
}

// A word with a mark on it, but not on the comma that follows.
function marked(word) {
  const [, before, middle, after] = /^([^\p{L}\p{N}]*)(.*?)([^\p{L}\p{N}+#]*)$/su.exec(word);
  if (!middle) return [word];
  const element = document.createElement("mark");
  element.textContent = middle;
  return [before, element, after];
}

// Mark the words inside an element that begin like one that was typed.
function markWords(root, words) {
  const wanted = words.map(bare).filter(Boolean);
  const ends = ["\\s+", "[\\u2010-\\u2015-]", ...words.filter((word) => CJK_RUN.test(word))];
  const isWanted = (part) => wanted.some((word) => bare(part).startsWith(word));
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (texts.nextNode()) if (!texts.currentNode.parentElement.closest("mark")) nodes.push(texts.currentNode);
  for (const node of nodes) {
    const parts = node.data.split(new RegExp(`(${ends.join("|")})`, "u"));
    if (parts.some(isWanted)) node.replaceWith(...parts.flatMap((part) => (isWanted(part) ? marked(part) : [part])));
  }
}

// The part of the text that Pagefind chose, with what it found.
function excerpt({ excerpt: chosen, plain_excerpt: plain, content }) {
  const pieces = chosen.replace(CJK_GAP, "").replaceAll("</mark><mark>", "").split(/<mark>(.*?)<\/mark>/s);
  const start = content.startsWith(plain.slice(0, 40)) ? "" : "… ";
  const end = content.endsWith(plain.slice(-40)) ? "" : " …";
  return [start, ...pieces.flatMap((piece, place) => (place % 2 ? marked(unescaped(piece)) : [unescaped(piece)])), end];
}

function creators(names) {
  const all = joined(names).split("; ");
  const first = all.slice(0, 3).join(say.separator);
  return all.length > 3 ? fill(say.moreCreators, { names: first, n: number(all.length - 3) }) : first;
}

function show(data, row, marks, excerptMarks, shown) {
  const { meta } = data;
  const item = at("result").content.cloneNode(true);
  const slot = (name) => item.querySelector(`[data-slot="${name}"]`);
  const put = (name, ...content) => slot(name)?.append(...content);

  const title = joined(meta.title ?? say.untitled);
  put("title", shown.titles[row] ? markup(shown.titles[row]) : title);
  slot("title").href = say.root + data.raw_url;
  put("creators", shown.creators[row] ?? (meta.creators ? creators(meta.creators) : ""));
  put("venue", joined(meta.venue ?? ""));
  put("year", meta.year ?? "");
  for (const name of ["title", "creators"]) markWords(slot(name), marks);

  // Without an abstract Pagefind has the title for a text.
  const key = data.raw_url.split("/").at(-2);
  const content = joined(data.content);
  if (content !== title && content !== `${title} ${key}`) {
    put("excerpt", ...excerpt(data));
    markWords(slot("excerpt"), excerptMarks);
  }

  const type = app.querySelector(`template[data-type="${CSS.escape(shown.types[shown.type[row]] ?? "")}"]`);
  if (type) put("kind", type.content.cloneNode(true));
  const file = shown.files[shown.file[row]];
  if (file) put("kind", ` · ${file}`);

  for (const element of item.querySelectorAll("[data-slot]")) if (!element.hasChildNodes() || !element.textContent) element.remove();
  for (const dot of item.querySelectorAll(".dot")) {
    if (!dot.previousElementSibling || !dot.nextElementSibling || dot.nextElementSibling.matches(".dot")) dot.remove();
  }
  for (const line of item.querySelectorAll(".entry-by")) if (!line.childElementCount) line.remove();
  return item;
}

// The state of the page is its address ------------------------------------------------------------------------------

function fromAddress() {
  const values = new URLSearchParams(location.search);
  const by = values.get("sort") ?? "";
  const known = [...sort.options].some((option) => option.value === by);
  const choices = {};
  for (const name of panel.names()) {
    const choice = { any: values.getAll(name).filter(Boolean), not: values.getAll(`not-${name}`).filter(Boolean) };
    if (isChosen(choice)) choices[name] = choice;
  }
  return {
    q: (values.get("q") ?? "").trim(),
    choices,
    sort: known ? by : "",
    page: Math.max(1, Number.parseInt(values.get("page"), 10) || 1),
  };
}

function toAddress({ q, choices, sort: by, page }) {
  const values = new URLSearchParams();
  if (q) values.set("q", q);
  for (const name of panel.names()) {
    for (const slug of choices[name]?.any ?? []) values.append(name, slug);
    for (const slug of choices[name]?.not ?? []) values.append(`not-${name}`, slug);
  }
  if (by) values.set("sort", by);
  if (page > 1) values.set("page", page);
  const query = values.toString();
  return query ? `?${query}` : location.pathname;
}

const panel = new Panel(at("filters"), say, {
  fill, number,
  change: (choices) => go({ choices }),
  need: (name) => index().then(({ columns }) => columns.load([name])).then(drawPanel).catch((error) => console.error(error)),
});

let state = fromAddress();
let typing = false;
// Who enters an identifier, here or in the field of another page, wants its work. Back leads to the results.
let entered = Boolean(state.q) && performance.getEntriesByType("navigation")[0]?.type === "navigate";

// One step back leads to the last search, not to the last letter.
function go(change, isTyping = false) {
  const next = { ...state, page: 1, ...change };
  const url = toAddress(next);
  if (url !== toAddress(state)) history[typing && isTyping ? "replaceState" : "pushState"](null, "", url);
  typing = isTyping;
  const same = toAddress(state) === url;
  state = next;
  return same && !failed && !entered ? Promise.resolve() : run();
}

let latest = 0;
let failed = false;
let announcing;

function announce(text, delay) {
  clearTimeout(announcing);
  announcing = setTimeout(() => { at("said").textContent = text; }, delay);
}

function note(text) {
  at("meant").parentElement.hidden = true;
  at("note").textContent = text;
  at("note").hidden = !text;
}

function clear() {
  at("results").replaceChildren();
  for (const name of ["found", "none", "bar", "pages", "filters"]) at(name).hidden = true;
  at("chosen").hidden = true;
  note("");
  announce("", 0);
}

const siteTitle = document.title;

async function run() {
  const turn = ++latest;
  const { q, choices } = state;
  const isAsked = Boolean(q) || Object.values(choices).some(isChosen);
  failed = false;
  sort.value = state.sort;
  at("browse").hidden = isAsked;
  document.title = q ? fill(say.title, { q }) : siteTitle;
  at("found").setAttribute("aria-busy", "true");
  const slow = setTimeout(() => { if (turn === latest) wait(); }, 300);
  let draw = clear;
  try {
    if (isAsked) draw = await answer(q, turn);
  } catch (error) {
    draw = () => fail(error);
  }
  clearTimeout(slow);
  if (turn !== latest) return;
  draw();
  at("found").removeAttribute("aria-busy");
}

// What is to be done with the page, once it is known that nobody asked for something else meanwhile.
async function answer(q, turn) {
  const opened = await index();
  const results = await found(q, opened);
  if (!results.scores) return () => refuse(refusal(results));
  const { choices, page: wantedPage, sort: by } = state;
  const chosen = panel.names().filter((name) => isChosen(choices[name]));
  await opened.columns.load(chosen);
  const rows = await ordered(tally(results.scores, choices, pick(opened.columns.loaded, chosen)).rows, results.scores, by, opened);
  const page = Math.max(1, Math.min(wantedPage, Math.ceil(rows.length / PAGE)));
  const part = rows.slice((page - 1) * PAGE, page * PAGE);
  const loaded = await Promise.all(part.map((row) => results.finder?.hits.get(row)?.data() ?? opened.fragment(row)));
  if (turn === latest && goStraight(q, results, loaded)) return () => {};
  return () => {
    drawResults(q, results, { count: rows.length, page, part, loaded }, opened);
    shownResults = results;
    suggest(q, results, turn, opened);
    offerFilters(opened);
  };
}

const pick = (all, names) => Object.fromEntries(names.filter((name) => all[name]).map((name) => [name, all[name]]));

function refuse(problem) {
  clear();
  note(problem);
  announce(problem, ANNOUNCE);
}

function fail(error) {
  failed = true;
  refuse(error instanceof Unavailable ? say.noWasm : say.failed);
  at("browse").hidden = false;
  console.error(error);
}

function wait() {
  at("bar").hidden = false;
  at("count").textContent = say.searching;
}

// To the one work that has the identifier, address or citation key that was entered.
function goStraight(q, { straight, plain }, loaded) {
  const isEntered = entered;
  entered = false;
  if (!isEntered || !(straight || (plain && /^\S{5,}$/.test(q)))) return false;
  const those = straight ? loaded : loaded.filter(({ meta }) => (meta.ids ?? "").split(" ").some((id) => bare(id) === bare(q)));
  if (those.length !== 1) return false;
  location.assign(say.root + those[0].raw_url);
  return true;
}

function drawResults(q, { finder, words, problems, plain }, { count, page, part, loaded }, { shown, rows }) {
  const total = fill(counted[new Intl.PluralRules(say.language).select(count)], { n: number(count) });
  const lacking = finder?.unknown.filter((word) => !finder.near.includes(word)) ?? [];
  const notes = [sentences(problems)];
  if (finder?.near.length) notes.push(fill(say.inexact, { words: quoted(finder.near) }));
  if (lacking.length && (count || !plain)) notes.push(fill(say.unknown, { words: quoted(lacking) }));
  const told = notes.filter(Boolean).join(" ");
  note(told);

  const inExcerpt = plain ? [] : words;
  at("results").replaceChildren(...loaded.map((data, place) => show(data, part[place], words, inExcerpt, shown)));
  at("results").start = (page - 1) * PAGE + 1;
  at("count").textContent = total;
  at("bar").hidden = !count;
  at("found").hidden = !count;
  at("none").hidden = Boolean(count);
  const none = q ? fill(say.none, { q }) : say.noneChosen;
  at("none-title").textContent = none;
  at("browse").hidden = Boolean(count);
  turnPages(page, count);
  if (count) announce(`${total}. ${told}`.trim(), ANNOUNCE);
  else announce(none, 0);
}

// For words that nobody used. After the results, never before them.
async function suggest(q, results, turn, opened) {
  if (!q) return;
  const text = await meant(q, results, opened).catch((error) => console.error(error));
  if (!text || turn !== latest) return;
  const link = at("meant");
  link.textContent = text;
  link.href = toAddress({ ...state, q: text, page: 1 });
  link.parentElement.hidden = false;
}

// Filters beside the results ------------------------------------------------------------------------------------------

let shownResults;

// After the results, never before them.
function offerFilters(opened) {
  const light = panel.names().filter((name) => isChosen(state.choices[name]) || opened.columns.isLight(name) || panel.isOpen(name));
  drawChosen();
  opened.columns.load(light).then(drawPanel).catch((error) => console.error(error));
}

async function drawPanel() {
  const { columns } = await index();
  if (!shownResults) return;
  const facets = pick(columns.loaded, panel.names());
  panel.update(facets, state.choices, tally(shownResults.scores, state.choices, facets).counts);
  for (const box of panel.boxes.values()) if (!columns.pointer.facets[box.name]) box.element.hidden = true;
  at("filters").hidden = false;
  drawChosen();
}

// What is chosen, each to be taken back with a click.
function drawChosen() {
  const chips = panel.names().flatMap((name) => ["any", "not"].flatMap((list) => (state.choices[name]?.[list] ?? []).map((slug) => {
    const chip = at("chip").content.firstElementChild.cloneNode(true);
    const text = fill(list === "any" ? say.chip : say.chipNot, { facet: panel.title(name), label: panel.label(name, slug) });
    chip.querySelector("[data-slot=label]").textContent = text;
    const button = chip.querySelector("button");
    button.setAttribute("aria-label", fill(say.remove, { label: text }));
    button.addEventListener("click", () => {
      const place = [...at("chips").children].indexOf(chip);
      panel.choices = state.choices;
      panel.toggle(name, list, slug);
      drawChosen();
      (at("chips").children[place] ?? at("chips").lastElementChild)?.querySelector("button").focus();
      if (at("chosen").hidden) field.focus();
    });
    return chip;
  })));
  at("chips").replaceChildren(...chips);
  at("chosen").hidden = !chips.length;
  at("chosen-count").textContent = chips.length ? number(chips.length) : "";
}

function turnPages(page, count) {
  const last = Math.ceil(count / PAGE);
  at("pages").hidden = last < 2;
  at("range").textContent = fill(say.range, {
    from: number((page - 1) * PAGE + 1), to: number(Math.min(page * PAGE, count)), count: number(count),
  });
  for (const [name, to] of [["previous", page - 1], ["next", page + 1]]) {
    at(name).hidden = to < 1 || to > last;
    at(name).href = toAddress({ ...state, page: to });
    at(name).dataset.page = to;
  }
}

// Hands -------------------------------------------------------------------------------------------------------------

let pause;

const isOpenedElsewhere = (event) => event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;

function typed(isTyping) {
  clearTimeout(pause);
  return go({ q: field.value.trim() }, isTyping);
}

field.addEventListener("focus", () => index().catch(() => {}), { once: true });
field.addEventListener("input", ({ inputType }) => {
  clearTimeout(pause);
  // Nobody pastes half of an identifier.
  if (inputType === "insertFromPaste") {
    entered = true;
    typed(false);
  } else pause = setTimeout(() => typed(true), PAUSE);
});
field.form.addEventListener("submit", (event) => {
  event.preventDefault();
  entered = true;
  typed(false);
});
at("meant").addEventListener("click", (event) => {
  if (isOpenedElsewhere(event)) return;
  event.preventDefault();
  field.value = at("meant").textContent;
  typed(false);
  field.focus();
});
at("clear").addEventListener("click", () => {
  go({ choices: {} });
  drawChosen();
  field.focus();
});

// A sidebar where there is room, else folded away.
const isWide = matchMedia("(min-width: 60rem)");
const fold = () => { at("filters").open = isWide.matches; };
isWide.addEventListener("change", fold);
fold();
sort.addEventListener("change", () => go({ q: field.value.trim(), sort: sort.value }));
at("pages").addEventListener("click", async (event) => {
  const link = event.target.closest("a");
  if (!link || isOpenedElsewhere(event)) return;
  event.preventDefault();
  await go({ page: Number(link.dataset.page) });
  at("heading").focus({ preventScroll: true });
  at("bar").scrollIntoView();
});
addEventListener("popstate", () => {
  clearTimeout(pause);
  typing = false;
  state = fromAddress();
  field.value = state.q;
  run();
});

const isEditable = (element) => element.closest?.("input, textarea, select, [contenteditable]");

addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
  if (event.key === "/" && !isEditable(event.target)) {
    event.preventDefault();
    field.focus();
    field.select();
  } else if (event.key === "Escape" && app.contains(event.target) && !event.target.closest("select, #search-filters")) {
    field.value = "";
    field.focus();
    typed(false);
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    step(event, event.key === "ArrowDown" ? 1 : -1);
  }
});

// From the field into the results and through them; up from the first leads back to the field.
function step(event, by) {
  const links = [...at("results").querySelectorAll("a")];
  const from = event.target === field ? -1 : links.indexOf(event.target);
  if (from < 0 && event.target !== field) return;
  const to = from + by;
  if (to >= links.length || to < -1) return;
  event.preventDefault();
  (to < 0 ? field : links[to]).focus();
}

// A reader may have typed before this ran; what the address says counts more.
if (state.q) field.value = state.q;
sort.value = state.sort;
if (toAddress(state) !== location.pathname) run();
else if (field.value.trim()) typed(true);
