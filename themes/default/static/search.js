// The search page: Pagefind finds, columns beside its index order and describe, the page's own templates show.
// Every text a reader sees stands in search.html.

const app = document.getElementById("search");
const at = (name) => document.getElementById(`search-${name}`);
const field = at("field");
const sort = at("sort");
const say = { ...app.dataset };

const PAGE = 20;
const PAUSE = 250; // ms of no typing before a search
const ANNOUNCE = 1000; // ms of no typing before the count is read out
const RANKING = {
  pageLength: 0.4, // so that a short record does not win for being short
  metaWeights: { title: 5, creators: 4, ids: 4, tags: 2, alias: 2, venue: 1, year: 0.5 },
};

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
const number = (n) => n.toLocaleString(say.language);
const address = (path) => new URL(say.root + path, document.baseURI).href;
const quoted = (words) => words.map((word) => `“${word}”`).join(", ");

// What the index is made of -------------------------------------------------------------------------------------

class Unavailable extends Error {}

async function read(name, options) {
  const answer = await fetch(address(`pagefind/${name}`), options);
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return answer.json();
}

async function open() {
  if (typeof WebAssembly !== "object") throw new Unavailable(say.noWasm);
  // All other names change with their content; only this file must never come from a cache unasked.
  const pointer = await read("zstatic.json", { cache: "no-cache" });
  const [pagefind, shown] = await Promise.all([
    import(address(`pagefind/pagefind.js?${pointer.pagefind}`)),
    read(pointer.shown),
  ]);
  await pagefind.options({ metaCacheTag: pointer.build, ranking: RANKING, excerptLength: 32 });
  await pagefind.init();
  const rows = new Map(shown.ids.split(" ").map((id, row) => [id, row]));
  const common = new Set(pointer.common);
  let orders;
  return { pagefind, shown, rows, common, orders: () => (orders ??= read(pointer.orders)) };
}

let opening;
const index = () => (opening ??= open().catch((error) => { opening = undefined; throw error; }));

// What the reader typed -> what Pagefind is asked -----------------------------------------------------------------

const LETTERS = { ß: "ss", æ: "ae", œ: "oe", ø: "o", ł: "l", đ: "d", ð: "d", þ: "th", ħ: "h", ı: "i" };
const CJK = "[\\u3001-\\u30ff\\u31f0-\\u31ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\uff01-\\uff0f\\uff1a-\\uff20\\u{20000}-\\u{3ffff}]";
const CJK_EDGE = new RegExp(`(?<=${CJK})(?=\\S)|(?<=\\S)(?=${CJK})`, "gu");
const CJK_SPACE = new RegExp(`(?<=${CJK}) (?=${CJK})`, "gu");
const CJK_GAP = new RegExp(`(?<=${CJK}(?:</mark>)?) (?=(?:<mark>)?${CJK})`, "gu");
const HYPHEN_OR_SPACE = /[\s\u2010-\u2015-]+/;
const HAS_CJK = new RegExp(CJK, "u");
const CJK_RUN = new RegExp(`^${CJK}{2,}$`, "u");

const spaced = (text) => text.replace(CJK_EDGE, " ");
const joined = (text) => text.replace(CJK_SPACE, "");
// In the same way as the aliases in the index: search.py, folded().
const folded = (text) => text.normalize("NFKC").toLowerCase().replace(/[ßæœøłđðþħı]/g, (letter) => LETTERS[letter]);
// A word as Pagefind compares it: no accents, no punctuation.
const bare = (word) => folded(word).normalize("NFD").replace(/[^\p{L}\p{N}+#]/gu, "");

function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

const IDENTIFIERS = [
  [/^(?:https?:\/\/(?:[\w-]+\.)*doi\.org\/|doi:?\s*)?(10\.\d{4,9}(?:\.\d+)*\/\S+?)[.,;]?$/i, (id, text) => (/^https?:/i.test(text) ? decoded(id).replace(/[?#].*$/, "") : id)],
  [/^(?:isbn(?:-1[03])?:?\s*)?((?:97[89][\s\u2010-\u2015-]?)?\d(?:[\s\u2010-\u2015-]?\d){8}[\s\u2010-\u2015-]?[\dx])$/i, (id) => id.replace(/[^\dx]/gi, "")],
  [/^(?:https?:\/\/(?:www\.)?arxiv\.org\/(?:abs|pdf)\/|arxiv:\s*)((?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?\/\d{7})(?:v\d+)?)(?:\.pdf)?$/i, (id) => id],
  [/^(?:https?:\/\/(?:pubmed\.ncbi\.nlm\.nih\.gov|www\.ncbi\.nlm\.nih\.gov\/pubmed)\/|pmid:?\s*)(\d{1,9})\/?$/i, (id) => id],
];

function identifier(text) {
  for (const [pattern, tidy] of IDENTIFIERS) {
    const match = pattern.exec(text);
    if (match) return tidy(match[1], text);
  }
  return "";
}

// ask: queries to try in turn until one finds something. words: what results should have. marks: what to mark in them.
function plan(text, common) {
  text = text.normalize("NFC").trim();
  const id = identifier(text);
  if (id) return { ask: [id], words: [id], marks: [] };
  const phrase = /^["“„«](.+)["”“»]$/u.exec(text);
  if (phrase && !/["“”„«»]/.test(phrase[1])) return { ask: [`"${spaced(phrase[1])}"`], words: [], marks: [] };
  const words = text.replace(/["“”„«»]/g, " ").split(/\s+/).filter(bare);
  if (!words.length) return { problem: say.tooShort };
  const long = words.filter((word) => bare(word).length > 1 || HAS_CJK.test(word));
  if (!long.length) return { problem: say.tooShort };
  const telling = long.filter((word) => !common.has(word.toLowerCase()));
  if (!telling.length) return { problem: fill(say.tooCommon, { words: quoted(long) }) };
  const ask = [spaced(folded(telling.join(" ")))];
  if (telling.length === 1 && CJK_RUN.test(telling[0])) ask.unshift(`"${spaced(telling[0])}"`);
  return { ask, words: telling.filter((word) => !HAS_CJK.test(word)), marks: telling };
}

async function find({ ask }, { pagefind }) {
  let results = [];
  for (const query of ask) {
    ({ results } = await pagefind.search(query));
    if (results.length) break;
  }
  return results;
}

async function ordered(results, by, { rows, orders }) {
  if (!by) return results;
  const columns = by === "newest" ? null : await orders();
  const rank = (result) => { const row = rows.get(result.id); return columns ? columns[by][row] : row; };
  return [...results].sort((one, other) => rank(one) - rank(other));
}

// Pagefind takes a word that it does not know for the longest beginning of it that it does know, or leaves it out.
// The results tell. Of the words that were typed: near, those of which they have no more than a similar one, and
// far, those of which they have nothing.
function compare(words, results) {
  const texts = results.flatMap(({ meta, content }) => [...Object.values(meta), content]);
  const seen = [...new Set(texts.join(" ").split(HYPHEN_OR_SPACE).map(bare))];
  const closeness = (word) => {
    if (seen.some((other) => other.includes(word))) return 2;
    return seen.some((other) => sharedStart(word, other) > 2 || (other.length > 3 && word.includes(other))) ? 1 : 0;
  };
  const rate = (typed) => Math.max(
    closeness(bare(typed)),
    Math.min(...typed.split(HYPHEN_OR_SPACE).map(bare).filter(Boolean).map(closeness)),
  );
  const rated = words.map((word) => [word, rate(word)]);
  const those = (wanted) => rated.filter(([, rating]) => rating === wanted).map(([word]) => word);
  return { near: those(1), far: those(0) };
}

function sharedStart(one, other) {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}

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
  while (texts.nextNode()) nodes.push(texts.currentNode);
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
  const first = all.slice(0, 3).join(", ");
  return all.length > 3 ? fill(say.moreCreators, { names: first, n: number(all.length - 3) }) : first;
}

function show(data, row, marks, shown) {
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
  if (content !== title && content !== `${title} ${key}`) put("excerpt", ...excerpt(data));

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
  return {
    q: (values.get("q") ?? "").trim(),
    sort: known ? by : "",
    page: Math.max(1, Number.parseInt(values.get("page"), 10) || 1),
  };
}

function toAddress({ q, sort: by, page }) {
  const values = new URLSearchParams();
  if (q) values.set("q", q);
  if (by) values.set("sort", by);
  if (page > 1) values.set("page", page);
  const query = values.toString();
  return query ? `?${query}` : location.pathname;
}

let state = fromAddress();
let typing = false;

// One step back leads to the last search, not to the last letter.
function go(change, isTyping = false) {
  const next = { ...state, page: 1, ...change };
  const url = toAddress(next);
  if (url !== toAddress(state)) history[typing && isTyping ? "replaceState" : "pushState"](null, "", url);
  typing = isTyping;
  const same = toAddress(state) === url;
  state = next;
  return same && !failed ? Promise.resolve() : run();
}

let latest = 0;
let failed = false;
let announcing;

function announce(text, delay) {
  clearTimeout(announcing);
  announcing = setTimeout(() => { at("said").textContent = text; }, delay);
}

function note(text) {
  at("note").textContent = text;
  at("note").hidden = !text;
}

function clear() {
  at("results").replaceChildren();
  for (const name of ["found", "none", "bar", "pages"]) at(name).hidden = true;
  note("");
  announce("", 0);
}

const siteTitle = document.title;

async function run() {
  const turn = ++latest;
  const { q } = state;
  failed = false;
  sort.value = state.sort;
  at("browse").hidden = Boolean(q);
  document.title = q ? fill(say.title, { q }) : siteTitle;
  at("found").setAttribute("aria-busy", "true");
  const slow = setTimeout(() => { if (turn === latest) wait(); }, 300);
  let draw = clear;
  try {
    if (q) draw = await answer(q);
  } catch (error) {
    draw = () => fail(error);
  }
  clearTimeout(slow);
  if (turn !== latest) return;
  draw();
  at("found").removeAttribute("aria-busy");
}

// What is to be done with the page, once it is known that nobody asked for something else meanwhile.
async function answer(q) {
  const opened = await index();
  const planned = plan(q, opened.common);
  if (planned.problem) return () => refuse(planned.problem);
  const found = await look(planned, state.sort, opened);
  return () => draw(q, planned, found, opened);
}

function refuse(problem) {
  clear();
  note(problem);
  announce(problem, ANNOUNCE);
}

function fail(error) {
  failed = true;
  refuse(error instanceof Unavailable ? error.message : say.failed);
  at("browse").hidden = false;
  console.error(error);
}

async function look(planned, by, opened) {
  const results = await ordered(await find(planned, opened), by, opened);
  const page = Math.max(1, Math.min(state.page, Math.ceil(results.length / PAGE)));
  const part = results.slice((page - 1) * PAGE, page * PAGE);
  const loaded = await Promise.all(part.map((result) => result.data()));
  const { near, far } = page === 1 ? compare(planned.words, loaded) : { near: [], far: [] };
  if (far.length) return { count: 0, page: 1, part: [], loaded: [], near: [] };
  return { count: results.length, page, part, loaded, near };
}

function wait() {
  at("bar").hidden = false;
  at("count").textContent = say.searching;
}

function draw(q, planned, { count, page, part, loaded, near }, { shown, rows }) {
  const plural = new Intl.PluralRules(say.language).select(count) === "one" ? say.countOne : say.countOther;
  const total = fill(plural, { n: number(count) });
  const inexact = near.length ? fill(say.inexact, { words: quoted(near) }) : "";
  note(inexact);

  at("results").replaceChildren(...loaded.map((data, place) => show(data, rows.get(part[place].id), planned.marks, shown)));
  at("results").start = (page - 1) * PAGE + 1;
  at("count").textContent = total;
  at("bar").hidden = !count;
  at("found").hidden = !count;
  at("none").hidden = Boolean(count);
  at("none-title").textContent = fill(say.none, { q });
  at("browse").hidden = Boolean(count);
  turnPages(page, count);
  if (count) announce(`${total}. ${inexact}`.trim(), ANNOUNCE);
  else announce(fill(say.none, { q }), 0);
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

function typed(isTyping) {
  clearTimeout(pause);
  return go({ q: field.value.trim() }, isTyping);
}

field.addEventListener("focus", () => index().catch(() => {}), { once: true });
field.addEventListener("input", () => {
  clearTimeout(pause);
  pause = setTimeout(() => typed(true), PAUSE);
});
field.form.addEventListener("submit", (event) => {
  event.preventDefault();
  typed(false);
});
sort.addEventListener("change", () => go({ q: field.value.trim(), sort: sort.value }));
at("pages").addEventListener("click", async (event) => {
  const link = event.target.closest("a");
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
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
  } else if (event.key === "Escape" && app.contains(event.target) && event.target !== sort) {
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
if (state.q) run();
else if (field.value.trim()) typed(true);
