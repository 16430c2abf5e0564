// The index of the site, opened, and what a query finds in it. Knows nothing of the page.

import { Facet } from "./search-facets.js";
import { Finder, elided, prune } from "./search-find.js";
import { HAS_CJK, bare, bareWords, comparedUrl, identifier, parse, wanted } from "./search-query.js";

export const EXCERPT = 32; // words
const LIGHT = 150_000; // bytes; larger facets wait until they are asked for
const RUN = 3; // little words in a row by which a title is found
const PIECES = 8; // at most so many more of a part of the index for a word
const RANKING = {
  pageLength: 0.4, // so that a short record does not win for being short
  metaWeights: { title: 5, creators: 4, ids: 4, tags: 2, alias: 2, venue: 1, year: 0.5 },
};

// The browser lacks what the index needs.
export class Unavailable extends Error {}

// folder: the address of the site's pagefind/.
export async function openIndex(folder) {
  if (typeof WebAssembly !== "object") throw new Unavailable();
  const read = async (name, options) => (await get(folder + name, options)).json();
  // All other names change with their content; only this file must never come from a cache unasked.
  const pointer = await read("zstatic.json", { cache: "no-cache" });
  const [pagefind, shown] = await Promise.all([
    import(`${folder}pagefind.js?${pointer.pagefind}`),
    read(pointer.shown),
  ]);
  await pagefind.options(optionsFor(pointer));
  await pagefind.init();
  const { ids, reach } = await openParts(folder, pointer, shown.part, pagefind);
  const columns = new Columns(pointer, read);
  const opened = {
    pagefind, shown, ids, reach, columns,
    rows: new Map(ids.map((id, row) => [id, row])),
    idle: { common: new Set(pointer.common), little: new Set(pointer.little) },
    orders: once(() => read(pointer.orders)),
    vocabulary: once(async () => (await spelling()).readWords((await read(pointer.words)).words)),
    words: once(async () => (await words()).openWords(pointer.parts.map((part) => (
      { folder: folder + part.folder, build: pointer.build, part: part.folder.slice(0, -1) }
    )))),
    links: once(() => read(pointer.links)),
    keys: once(async () => (await read(pointer.keys)).keys.split(" ")),
    files: once(() => read(pointer.files)),
    littleTitles: once(() => read(pointer.titles)),
    inside: once(async () => (await import("./search-files.js")).openFiles(folder, pagefind, { readMeta, reacher, openWords: (await words()).openWords })),
    facets: () => columns.load(Object.keys(pointer.facets).filter((name) => pointer.facets[name] === pointer.facets.year)),
    fragment: (row) => fragment(folder + pointer.parts[partOf(shown.part, row)].folder, ids[row]),
  };
  opened.words().catch(() => {}); // which the first search will want
  return opened;
}

const ranking = () => import("./search-ranking.js");
const words = () => import("./search-words.js");
const spelling = () => import("./search-spelling.js");
const optionsFor = ({ build }) => ({ metaCacheTag: build, ranking: RANKING, excerptLength: EXCERPT });
const partOf = (column, row) => (column ? column.charCodeAt(row) - 48 : 0);

// A large index comes in parts, which Pagefind searches as one. ids: by row. reach: see below.
async function openParts(folder, pointer, column, pagefind) {
  const [metas] = await Promise.all([
    Promise.all(pointer.parts.map((part) => readMeta(folder + part.folder + part.meta))),
    ...pointer.parts.slice(1).map((part) => pagefind.mergeIndex(folder + part.folder, optionsFor(pointer))),
  ]);
  const next = metas.map(({ ids }) => ids.values());
  const ids = column ? Array.from(column, (character, row) => next[partOf(column, row)].next().value) : metas[0].ids;
  return { ids, reach: reacher(metas, pagefind) };
}

// Pagefind looks for a word in the one piece of the index where it would stand. Words that begin like it may go on in
// the pieces after that, which are to be loaded before.
function reacher(metas, pagefind) {
  const loads = new Map();
  return async (words) => {
    const wanted = words.flatMap((word) => metas.flatMap(({ pieces }) => (
      pieces.filter(([first]) => first.startsWith(word)).slice(0, PIECES)
    )));
    // What is next after the first word of all: no stem is made of it.
    const within = wanted.map(([first, last]) => (first === last ? first : `${first}0`));
    await Promise.all([...new Set(within)].map((word) => {
      if (!loads.has(word)) loads.set(word, once(() => pagefind.preload(word)));
      // Perhaps still on its way for what was typed before.
      return loads.get(word)();
    }));
  };
}

// The ids of the documents of a part, in their order, and first and last word of each piece of it, are in what Pagefind
// has just loaded, so they come from the cache: CBOR (RFC 8949), [version, [[id, number of words], …],
// [[first, last, name], …], …], after a word of Pagefind's.
async function readMeta(url) {
  const bytes = await unpacked(await get(url));
  let at = "pagefind_dcd".length;
  const head = () => {
    const short = bytes[at] & 31;
    at += 1;
    if (short < 24) return short;
    let value = 0;
    for (let left = 1 << (short - 24); left; left -= 1, at += 1) value = value * 256 + bytes[at];
    return value;
  };
  const text = () => { const length = head(); at += length; return new TextDecoder().decode(bytes.subarray(at - length, at)); };
  head();
  text();
  const ids = Array.from({ length: head() }, () => { head(); const id = text(); head(); return id; });
  const pieces = Array.from({ length: head() }, () => { head(); const ends = [text(), text()]; text(); return ends; });
  return { ids, pieces };
}

async function unpacked(answer) {
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
}

async function get(url, options) {
  const answer = await fetch(url, options);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer;
}

function once(make) {
  let made;
  return () => (made ??= make().catch((error) => { made = undefined; throw error; }));
}

// The facets; those that a file holds come with it.
class Columns {
  constructor(pointer, read) {
    this.pointer = pointer;
    this.read = read;
    this.loaded = {};
    this.files = {};
  }

  isLight(name) { return this.pointer.sizes[name] === undefined || this.pointer.sizes[name] < LIGHT; }

  async load(names) {
    const files = new Set(names.map((name) => this.pointer.facets[name]).filter(Boolean));
    await Promise.all([...files].map((file) => (this.files[file] ??= once(async () => {
      for (const [name, column] of Object.entries(await this.read(file))) this.loaded[name] = new Facet(name, column);
    }))()));
    return this.loaded;
  }
}

const ESCAPES = { "<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&#34;", "'": "&#39;" };

// A document that no word led to, as Pagefind gives one.
async function fragment(folder, id) {
  const text = new TextDecoder().decode(await unpacked(await get(`${folder}fragment/${id}.pf_fragment`)));
  const { url, meta, content } = JSON.parse(text.slice("pagefind_dcd".length));
  const beginning = content.split(/\s+/).slice(0, EXCERPT).join(" ");
  const escaped = beginning.replace(/[&<>"']/g, (character) => ESCAPES[character]);
  return { raw_url: url, meta, content, excerpt: escaped, plain_excerpt: beginning };
}

// scores: by row. words: to mark. dropped: words that were not looked for; scores is null if no others were left.
// straight: what was typed is an identifier and nothing else.
export async function find(q, opened) {
  const id = identifier(q);
  if (id) {
    const finder = new Finder(opened, true);
    const scores = await finder.find({ op: "word", text: id, field: "id" });
    if (scores.some(Boolean)) return { scores, finder, words: [], dropped: [], problems: [], straight: true };
  }
  const url = comparedUrl(q);
  if (url) return { scores: await linked(url, opened), finder: null, words: [], dropped: [], problems: [], straight: true };
  const { tree: typed, plain, problems, noFields } = parse(q);
  const tree = elided(typed, opened.idle.little);
  const dropped = [];
  const pruned = prune(tree, opened.idle, dropped);
  if (!pruned) return { ...await titled(plain ? wanted(tree) : [], opened), dropped, problems, plain };
  const found = await look(pruned, plain, opened);
  const wrong = noFields.filter(({ word, isSure }) => isSure || found.finder.unknown.includes(word) || !found.scores.some(Boolean));
  if (wrong.length) {
    const names = [...new Set(wrong.map(({ name }) => name))];
    const more = await find(without(q, wrong), opened);
    return { ...more, straight: false, problems: [...names.map((name) => ({ code: "field", words: [`${name}:`] })), ...more.problems] };
  }
  // "The origin of species" is called "On the origin of species": who adds a little word does not insist on it.
  const longer = plain && !found.scores.some(Boolean) && withoutLittle(pruned);
  if (!longer) return { ...found, dropped, problems: [...problems, ...found.finder.problems], plain };
  const more = await look(longer, plain, opened);
  if (!more.scores.some(Boolean) || more.finder.near.length) return { ...found, dropped, problems, plain };
  const left = wanted(pruned).filter((word) => !more.words.includes(word));
  return { ...more, dropped, problems: [...problems, { code: "left", words: left }], plain };
}

// A query without the names of fields that there are not.
const without = (q, noFields) => noFields.reduce(
  (text, { name, word }) => text.replace(word, () => word.slice(name.length + 1)), q.normalize("NFC"),
);

// Works of which the title is these little words, or else has them in a row. scores: null = there is none.
async function titled(words, opened) {
  const { whole, inside } = await opened.littleTitles();
  const typed = words.flatMap(bareWords);
  const asked = typed.join(" ");
  const scores = new Float64Array(opened.ids.length);
  if (typed.length >= RUN) for (const [row, runs] of Object.entries(inside)) if (runs.some((run) => ` ${run} `.includes(` ${asked} `))) scores[row] = 1;
  for (const [row, title] of Object.entries(whole)) {
    if (title === asked) scores[row] = 3;
    else if (typed.length >= RUN && ` ${title} `.includes(` ${asked} `)) scores[row] = 2;
  }
  return scores.some(Boolean) ? { scores, finder: null, words, titles: true } : { scores: null };
}

// The works at an address of the web.
async function linked(url, opened) {
  const { numbers, rows } = await opened.links();
  const scores = new Float64Array(opened.ids.length);
  const wanted = (await import("./search-number.js")).numberOf(url);
  numbers.forEach((number, place) => { if (number === wanted) scores[rows[place]] = 1; });
  return scores;
}

// What the reader may have meant: the query with other words for those that nobody used. null: nothing that is found.
export async function meant(q, results, opened) {
  const isFine = !results.finder?.unknown.length && results.scores.some(Boolean);
  return isFine ? null : (await spelling()).meant(q, results, opened, find);
}

async function look(tree, plain, opened) {
  const finder = new Finder(opened, !plain);
  const words = wanted(tree);
  const scores = await finder.find(tree);
  if (words.length > 1 && isWords(tree)) await (await ranking()).refine(scores, words, finder);
  return { scores, finder, words };
}

// All of them wanted, wherever they stand; there may be parentheses in a name.
const isWords = ({ op, parts, field }) => (op === "and" ? parts.every(isWords) : op === "word" && !field);

function withoutLittle({ op, parts }) {
  if (op !== "and") return null;
  const longer = parts.filter(({ text }) => bare(text).length > 3 || HAS_CJK.test(text));
  if (!longer.length || longer.length === parts.length) return null;
  return longer.length > 1 ? { op, parts: longer } : longer[0];
}

// The items of a list, in its order.
export async function listed(keys, opened) {
  const rows = new Map((await opened.keys()).map((key, row) => [key, row]));
  const scores = new Float64Array(opened.ids.length);
  keys.forEach((key, place) => { if (rows.has(key)) scores[rows.get(key)] = keys.length - place; });
  return { scores, finder: null, words: [], dropped: [], problems: [] };
}

// Everything there is.
export const all = (opened) => ({ scores: new Float64Array(opened.ids.length).fill(1), finder: null, words: [], dropped: [], problems: [] });

// by: "" = relevance, "newest" = the order of the rows, or the name of another order.
export async function ordered(rows, scores, by, opened) {
  if (!by) return rows.sort((one, other) => scores[other] - scores[one] || one - other);
  if (by === "newest") return rows;
  const ranks = (await opened.orders())[by];
  return rows.sort((one, other) => ranks[one] - ranks[other]);
}
