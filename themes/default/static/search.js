// The search page: search-index.js finds and orders, the page's own templates show.
// Every text a reader sees stands in search.html.

import { Panel, isChosen, tally } from "./search-facets.js";
import { Unavailable, all, find, listed, meant, openIndex, ordered } from "./search-index.js";
import { bare } from "./search-query.js";
import { makePassage, makeResult } from "./search-result.js";
import { Basket, isLong, listAddress, listIn, listPart } from "./basket.js";

const app = document.getElementById("search");
const at = (name) => document.getElementById(`search-${name}`);
const field = at("field");
const sort = at("sort");
const say = { ...app.dataset };
const counted = JSON.parse(say.count); // by the kind of number: "one", "few" …
const texts = JSON.parse(say.texts); // what search-parts.js can make files of

const PAGE = 20;
const LONGEST = 500; // characters of a query
const FILES = 3; // of an item, of which passages are shown
const PASSAGES = 4; // of a file
const PAUSE = 250; // ms of no typing before a search
const LONG_PAUSE = 700; // after one or two letters, with which half of all words begin: long to look for, soon more
const ANNOUNCE = 1000; // ms of no typing before the count is read out

field.maxLength = LONGEST;

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
const number = (n) => n.toLocaleString(say.language);
const tell = (forms, n) => fill(forms[new Intl.PluralRules(say.language).select(n)], { n: number(n) });
const address = (path) => new URL(say.root + path, document.baseURI).href;
const quoted = (words) => [...new Set(words)].map((word) => fill(say.quoted, { text: word })).join(say.separator);

let opening;
const index = () => (opening ??= openIndex(address("pagefind/")).catch((error) => { opening = undefined; throw error; }));

// One search serves all filters, orders and pages of its results.
let last = {};

function found({ q, keys, inside }, opened) {
  const asked = JSON.stringify([q, keys, inside]);
  if (last.asked !== asked || last.opened !== opened) {
    const results = q ? look(q, inside, opened) : keys.length ? listed(keys, opened) : Promise.resolve(all(opened));
    last = { asked, opened, results };
    results.catch(() => { last = {}; });
  }
  return last.results;
}

async function look(q, inside, opened) {
  const results = await find(q, opened);
  return inside && results.finder && !results.straight ? (await import("./search-files.js")).withFiles(q, results, opened) : results;
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
    q: (values.get("q") ?? "").trim().slice(0, LONGEST),
    choices,
    keys: listIn(values.get("keys"), location.hash),
    sort: known ? by : "",
    view: values.get("view") === "references" ? "references" : "",
    abstracts: values.get("abstracts") === "1",
    inside: values.get("in") === "files" && Boolean(at("inside")),
    page: Math.max(1, Number.parseInt(values.get("page"), 10) || 1),
  };
}

function toAddress({ q, keys, choices, sort: by, view, abstracts, inside, page }) {
  const values = new URLSearchParams();
  const list = listPart(q ? [] : keys);
  if (q) values.set("q", q);
  if (list.search) values.set("keys", list.search);
  for (const name of panel.names()) {
    for (const slug of choices[name]?.any ?? []) values.append(name, slug);
    for (const slug of choices[name]?.not ?? []) values.append(`not-${name}`, slug);
  }
  if (by) values.set("sort", by);
  if (view) values.set("view", view);
  if (abstracts) values.set("abstracts", "1");
  if (inside) values.set("in", "files");
  if (page > 1) values.set("page", page);
  const query = values.toString().replaceAll("%2C", ",").replaceAll("%2F", "/");
  return (query ? `?${query}` : location.pathname) + list.hash;
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
let place; // search-place.js
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
  for (const name of ["found", "none", "bar", "tools", "listed", "pages", "filters", "chosen"]) at(name).hidden = true;
  note("");
  announce("", 0);
}

const siteTitle = document.title;

async function run() {
  const turn = ++latest;
  const { q, keys, choices } = state;
  const isAsked = Boolean(q) || keys.length > 0 || Object.values(choices).some(isChosen);
  failed = false;
  sort.value = state.sort;
  at("browse").hidden = isAsked;
  document.title = q || keys.length ? fill(say.title, { q: q || say.basket }) : siteTitle;
  showTools();
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
  const [opened, module] = await Promise.all([index(), import("./search-place.js")]);
  place = module;
  const results = await found(state, opened);
  if (!results.scores) return () => refuse(refusal(results));
  const list = q || !state.keys.length ? {} : (await import("./search-list.js")).described(state.keys, basket.keys, results.scores, say, tell);
  const { choices, page: wantedPage, sort: by } = state;
  const chosen = panel.names().filter((name) => isChosen(choices[name]));
  await opened.columns.load(chosen);
  const rows = await ordered(tally(results.scores, choices, pick(opened.columns.loaded, chosen)).rows, results.scores, by, opened);
  const page = Math.max(1, Math.min(wantedPage, Math.ceil(rows.length / PAGE)));
  const part = rows.slice((page - 1) * PAGE, page * PAGE);
  const loaded = await Promise.all(part.map((row) => results.finder?.hits.get(row)?.data() ?? opened.fragment(row)));
  if (turn === latest && goStraight(q, results, loaded)) return () => {};
  const references = state.view ? await referencesOf(loaded.map(keyOf)) : [];
  return () => {
    drawResults(q, results, { count: rows.length, page, part, loaded, references, list }, opened);
    shownResults = results;
    shownRows = rows;
    if (turn === 1) place.returnTo(at("results"));
    linkFiles(part, opened);
    if (results.files) showPassages(part, results.files, turn);
    suggest(q, results, turn, opened);
    offerFilters(opened);
  };
}

// An item's name in lists, from the path of its page: search.py, Record.key.
const keyOf = ({ raw_url: url }) => url.replace(/items\/([^/]+)\/$/, "$1");

const looks = {
  templates: {
    result: at("result").content,
    type: (name) => app.querySelector(`template[data-type="${CSS.escape(name ?? "")}"]`)?.content.cloneNode(true),
  },
  root: say.root,
  untitled: say.untitled,
  creators: { separator: say.separator, more: (names, n) => fill(say.moreCreators, { names, n: number(n) }) },
};

const parts = () => import("./search-parts.js");
const partsFolder = address("exports/parts/");

async function referencesOf(keys) {
  return (await parts()).textsOf(keys, texts.find(({ name }) => name === "references"), partsFolder);
}

// The names of files are many bytes that no list needs to be read.
function linkFiles(part, opened) {
  const kinds = [...at("results").children].map((item) => item.querySelector("[data-slot=file]"));
  if (!kinds.some(Boolean)) return;
  opened.files().then((names) => kinds.forEach((kind, place) => {
    const name = names[part[place]];
    if (kind && name) kind.href = kind.closest("article").querySelector("a").getAttribute("href") + name;
  })).catch((error) => console.error(error));
}

// What stands inside the files of the results, after the results themselves: it is many bytes.
async function showPassages(part, files, turn) {
  const { passages } = await import("./search-files.js");
  const items = [...at("results").children];
  for (const [place, row] of part.entries()) {
    for (const file of (files.get(row) ?? []).slice(0, FILES)) {
      const found = await passages(file, PASSAGES).catch((error) => console.error(error));
      if (turn !== latest) return;
      const list = items[place].querySelector(".passages");
      list.append(...(found ?? []).map(({ page, excerpt }) => (
        makePassage(page ? { href: `${say.root}${file.path}#page=${page}`, text: fill(say.page, { n: page }) } : { href: say.root + file.path, text: say.file }, excerpt)
      )));
      list.hidden = !list.childElementCount;
    }
  }
}

function rememberResults(entry) {
  const page = (to) => (at(to).hidden ? "" : at(to).href);
  place.remember(at("results"), entry, { count: shownRows.length, previous: page("previous"), next: page("next") });
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

function drawResults(q, { finder, words, problems, plain, titles, dropped }, { count, page, part, loaded, references, list }, { shown }) {
  const total = tell(counted, count);
  const lacking = finder?.unknown.filter((word) => !finder.near.includes(word)) ?? [];
  const notes = [sentences(problems), list.title && list.lost];
  if (titles && dropped.some(({ short }) => !short)) notes.push(fill(say.onlyTitles, { words: quoted(words) }));
  if (q.length >= LONGEST) notes.push(fill(say.cut, { n: number(LONGEST) }));
  if (finder?.near.length) notes.push(fill(say.inexact, { words: quoted(finder.near) }));
  if (lacking.length && (count || !plain)) notes.push(fill(say.unknown, { words: quoted(lacking) }));
  const told = notes.filter(Boolean).join(" ");
  note(told);

  const look = { ...looks, marks: words, excerptMarks: plain ? [] : words, abstracts: state.abstracts };
  at("results").replaceChildren(...loaded.map((data, place) => {
    const item = makeResult(data, part[place], shown, look, references[place] ?? "");
    item.dataset.key = keyOf(data);
    return item;
  }));
  showBasket();
  at("results").start = (page - 1) * PAGE + 1;
  at("count").textContent = total;
  at("listed").textContent = list.title ?? "";
  at("listed").hidden = !list.title;
  if (list.title) document.title = fill(say.title, { q: list.title });
  for (const name of ["bar", "tools"]) at(name).hidden = !count;
  at("found").hidden = !count;
  at("none").hidden = Boolean(count);
  const none = q ? fill(say.none, { q }) : (!list.title && list.lost) || say.noneChosen;
  at("none-title").textContent = none;
  at("none").querySelector("ul").hidden = !q;
  if (at("offer")) at("offer").hidden = !q || state.inside;
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
let shownRows = [];

// After the results, never before them.
function offerFilters(opened) {
  for (const name of panel.names()) if (!opened.columns.isLight(name) && !isChosen(state.choices[name])) panel.foldOnce(name);
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
  at("filters").hidden = !shownRows.length && !Object.values(state.choices).some(isChosen);
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

// Views, exports and the basket ---------------------------------------------------------------------------------------

const basket = new Basket(say.root, showBasket);

function showTools() {
  for (const box of at("tools").querySelectorAll("[name=view]")) box.checked = box.value === state.view;
  at("abstracts").checked = state.abstracts;
  if (at("inside")) at("inside").checked = state.inside;
}

function showBasket() {
  const { keys } = basket;
  for (const item of at("results").children) {
    const button = item.querySelector(".basket");
    button.setAttribute("aria-pressed", String(keys.includes(item.dataset.key)));
  }
  const isShown = !state.q && state.keys.join() === keys.join();
  at("basket").hidden = !keys.length || isShown;
  at("basket").querySelector("span").textContent = number(keys.length);
  at("basket").href = listAddress(say.root, keys);
  at("list").hidden = !state.keys.length || Boolean(state.q);
  at("empty").hidden = !isShown || !keys.length;
}

async function exportAs(name) {
  const opened = await index();
  const keys = await opened.keys();
  const rows = shownRows;
  const set = texts.find((each) => each.name === name);
  const tell = (share) => { at("exported").textContent = fill(say.exporting, { percent: number(Math.round(share * 100)) }); };
  const { fileOf, save } = await parts();
  const title = state.q || (state.keys.length ? say.basket : siteTitle);
  const { blob, count } = await fileOf(rows.map((row) => keys[row]), set, partsFolder, title, rows.length > 500 ? tell : undefined);
  save(blob, `${title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 40) || "results"}.${set.extension}`);
  at("exported").textContent = fill(say.exported, { count: number(count), all: number(rows.length) });
}

at("tools").addEventListener("change", ({ target }) => {
  if (target.name === "view") go({ view: target.value, page: state.page });
  else if (target === at("abstracts")) go({ abstracts: target.checked, page: state.page });
});
at("inside")?.addEventListener("change", ({ target }) => go({ q: field.value.trim(), inside: target.checked }));
at("offer")?.addEventListener("click", ({ target }) => {
  if (!target.closest("button")) return;
  at("inside").focus();
  go({ inside: true });
});
at("tools").addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-export]");
  if (!button) return;
  button.disabled = true;
  try { await exportAs(button.dataset.export); } catch (error) { at("exported").textContent = say.failed; console.error(error); }
  button.disabled = false;
});
at("results").addEventListener("click", ({ target }) => {
  if (target.closest("a")) rememberResults(target.closest(".entry"));
  const button = target.closest(".basket");
  if (button) basket.toggle(button.closest(".entry").dataset.key);
});
at("copy").addEventListener("click", async () => {
  const link = new URL(toAddress(state), document.baseURI).href;
  let done = isLong(link) ? fill(say.copiedLong, { n: number(link.length) }) : say.copied;
  try { await navigator.clipboard.writeText(link); } catch { done = say.notCopied; }
  at("exported").textContent = done;
});
at("empty").addEventListener("click", () => {
  basket.keys = [];
  go({ keys: [] });
  field.focus();
});

// Hands -------------------------------------------------------------------------------------------------------------

let pause;

const isOpenedElsewhere = (event) => event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;

function typed(isTyping) {
  clearTimeout(pause);
  const q = field.value.trim();
  return go({ q, keys: q ? [] : state.keys }, isTyping);
}

field.addEventListener("focus", () => index().catch(() => {}), { once: true });
field.addEventListener("input", ({ inputType }) => {
  clearTimeout(pause);
  // Nobody pastes half of an identifier.
  if (inputType === "insertFromPaste") {
    entered = true;
    typed(false);
  } else pause = setTimeout(() => typed(true), /(?:^|[\s(:])[\p{Ll}\p{Lu}]{1,2}$/u.test(field.value) ? LONG_PAUSE : PAUSE);
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
  at("body").scrollIntoView();
});
addEventListener("popstate", () => {
  clearTimeout(pause);
  typing = false;
  const { keys } = state;
  state = fromAddress();
  // A jump to a part of the page, which takes the place of a long list in the address.
  if (location.hash && !state.keys.length && !state.q) state.keys = keys;
  field.value = state.q;
  run();
});

// Who speaks to the computer must be able to switch off keys that are single letters (WCAG 2.1.4).
const KEYS = "zstatic-keys";
const hasKeys = () => { try { return localStorage.getItem(KEYS) !== "off"; } catch { return true; } };
at("keys").checked = hasKeys();
at("keys").addEventListener("change", ({ target }) => {
  try { localStorage.setItem(KEYS, target.checked ? "on" : "off"); } catch { /* a private window */ }
});

const isEditable = (element) => element.closest?.("input, textarea, select, [contenteditable]");

addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
  if (event.key === "/" && !isEditable(event.target) && hasKeys()) {
    event.preventDefault();
    field.focus();
    field.select();
  } else if (event.key === "?" && !isEditable(event.target) && hasKeys()) {
    at("help").open = !at("help").open;
    at("help").querySelector("summary").focus();
  } else if (event.key === "Escape" && app.contains(event.target) && !event.target.closest("select, #search-filters")) {
    field.value = "";
    field.focus();
    go({ q: "", keys: [] });
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    step(event, event.key === "ArrowDown" ? 1 : -1);
  }
});

// From the field into the results and through them; up from the first leads back to the field.
function step(event, by) {
  const links = [...at("results").querySelectorAll(".entry-title")];
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
showBasket();
if (toAddress(state) !== location.pathname) run();
else if (field.value.trim()) typed(true);
