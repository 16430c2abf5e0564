// A tree of what is looked for (search-query.js) -> the rows of the index that have it, each with a score.

import { CJK_RUN, HAS_CJK, bare, bareWords, folded, spaced } from "./search-query.js";

// The parts of a document that a field searches; index and words are made in search.py.
const PARTS = {
  title: ["title", "title_alias"],
  author: ["creators", "creators_alias"],
  tag: ["tags", "tags_alias"],
  id: ["ids"],
};
const KNOWN = ["title", "creators", "year"];
const VERIFIED = 400; // at most so many documents, to see where a phrase stands
const PREFERRED = 6; // so many words of a query
const MANY = 1500; // results of which the best are good whatever their words begin like, and asking again is slow
export const REFINED = 24; // results that are looked at more closely: few more than are shown
const ALIKE = 5; // letters at the beginning of a word that nothing has, by which the nearest are found
const ALIKE_SHARE = 0.6; // of all its letters
const NO_SCORE = 1e-9; // of what is found for what it is, not for its words

// Leave out what would find nothing in particular: single letters, words that are nearly everywhere, and little words
// (the, of) without another word beside them. words: {common, little}, sets of words.
export function prune(tree, words, dropped = []) {
  const keep = (part) => prune(part, words, dropped);
  switch (tree?.op) {
    case "and": {
      const all = together(tree);
      const loose = all.filter((part) => isLoose(part) && !isNothing(part, words));
      const beside = loose.every((part) => isLittle(part, words)) ? [] : loose;
      return joinedBy(tree.op, all.map((part) => (beside.includes(part) ? part : keep(part))));
    }
    case "or": return joinedBy(tree.op, tree.parts.map(keep));
    case "not": {
      const part = keep(tree.part);
      return part && { ...tree, part };
    }
    case "word": {
      const short = isShort(tree);
      if (!short && !isNothing(tree, words) && !isLittle(tree, words)) return tree;
      dropped.push({ text: tree.text, short });
      return null;
    }
    default: return tree ?? null;
  }
}

// Words that Pagefind is asked for together.
const isLoose = ({ op, field, text }) => op === "word" && !field && !CJK_RUN.test(text);
const isShort = ({ text, field }) => field !== "id" && [...bare(text)].length < 2 && !HAS_CJK.test(text);
const isNothing = (word, { common }) => isShort(word) || (!word.field && common.has(word.text.toLowerCase()));
const isLittle = ({ text, field }, { little }) => !field && little.has(bare(text));

// All that is wanted side by side, whatever its parentheses.
const together = ({ parts }) => parts.flatMap((part) => (part.op === "and" ? together(part) : [part]));

function joinedBy(op, all) {
  const parts = all.filter(Boolean);
  return parts.length > 1 ? { op, parts } : parts[0] ?? null;
}

export class Finder {
  // index: what search.js opened. exact: a word that nothing has finds nothing, instead of what is nearest.
  constructor(index, exact) {
    this.index = index;
    this.exact = exact;
    this.size = index.ids.length;
    this.unknown = []; // words that nothing has
    this.near = []; // of them, those for which the nearest stand in
    this.hits = new Map(); // row -> Pagefind's result
    this.problems = [];
  }

  // Scores by row; 0 = not found.
  async find(tree) {
    switch (tree.op) {
      case "and": return this.all(tree.parts);
      case "or": return this.any(tree.parts);
      case "not": return this.none(await this.find(tree.part));
      case "word": return tree.field ? this.inField(tree) : this.words([tree.text]);
      case "phrase": return tree.field ? this.inField(tree) : this.phrase(tree.text);
      case "years": return this.years(tree);
      default: return this.value(tree);
    }
  }

  async all(parts) {
    const loose = parts.filter(isLoose);
    const others = parts.filter((part) => !loose.includes(part));
    const found = loose.length ? [await this.words(loose.map((part) => part.text))] : [];
    for (const part of others) found.push(await this.find(part));
    const scores = found[0];
    for (const more of found.slice(1)) for (let row = 0; row < this.size; row += 1) scores[row] = scores[row] && more[row] && scores[row] + more[row];
    return scores;
  }

  async any(parts) {
    const scores = new Float64Array(this.size);
    for (const part of parts) {
      const more = await this.find(part);
      for (let row = 0; row < this.size; row += 1) scores[row] += more[row];
    }
    return scores;
  }

  none(scores) { return scores.map((score) => (score ? 0 : NO_SCORE)); }

  async ask(typed) {
    // As in the index.
    const query = typed.replace(/[^\p{L}\p{N}\p{M}\s+#_"]/gu, "");
    if (!query.startsWith('"')) await this.index.reach(query.split(/\s+/).map(bare).filter(Boolean));
    const { results } = await this.index.pagefind.search(query);
    return results;
  }

  scored(results) {
    const scores = new Float64Array(this.size);
    for (const result of results) {
      const row = this.index.rows.get(result.id);
      scores[row] = result.score + NO_SCORE;
      if (!this.hits.has(row)) this.hits.set(row, result);
    }
    return scores;
  }

  // Rows that have every word, its beginning or another form of it.
  async words(words) {
    if (words.length === 1 && CJK_RUN.test(words[0])) {
      const together = await this.ask(`"${spaced(words[0])}"`);
      if (!together.length) this.unknown.push(words[0]);
      if (together.length || this.exact) return this.scored(together);
      this.near.push(words[0]);
      return this.scored(await this.ask(spaced(words[0])));
    }
    const results = await this.real(words, await this.ask(spaced(folded(words.join(" ")))));
    const scores = this.scored(results);
    const isWorthIt = results.length > (words.length > 1 ? REFINED : 1) && results.length < MANY;
    return isWorthIt ? this.preferExact(words, scores) : scores;
  }

  // Pagefind likes a word that only begins as typed as much as the very word; readers do not.
  async preferExact(words, scores) {
    const highest = scores.reduce((one, other) => Math.max(one, other), 0);
    for (const row of this.hits.keys()) if (scores[row]) scores[row] += highest * this.known(row);
    for (const word of words.filter((each) => !HAS_CJK.test(each) && bare(each).length > 1).slice(0, PREFERRED)) {
      for (const { id } of await this.ask(`"${folded(word)}"`)) {
        const row = this.index.rows.get(id);
        if (scores[row]) scores[row] += highest;
      }
    }
    return scores;
  }

  // In how many of the places that readers know a work by it has what was typed.
  known(row) { return (this.hits.get(row).matchedMetaFields ?? []).filter((name) => KNOWN.includes(name)).length / 2; }

  // Pagefind takes a word that it does not know for the longest beginning of it that it does know, or leaves it
  // out; then every hit lacks it. So the first hit tells: whether a word there begins like it, or else whether any
  // document has another form of it, which Pagefind's search for phrases does not make up. The parts of a large index
  // know different words, so the first hit of each tells of that part. Gives the hits that are none of its makeshifts.
  async real(words, results) {
    if (!results.length && words.length === 1) this.unknown.push(words[0]);
    const seen = await firstWords(results);
    const without = new Set(); // parts that lack a word that others have
    let all = true;
    for (const word of words.filter((each) => results.length && !HAS_CJK.test(each))) {
      const wanted = bare(word);
      const lacking = [...seen.keys()].filter((part) => !seen.get(part).some((other) => other.startsWith(wanted)));
      if (!lacking.length) continue;
      const having = new Set((await this.ask(`"${folded(word)}"`)).map(partOf));
      if (having.size || lacking.length < seen.size || (await this.isElsewhere(word, seen))) {
        for (const part of lacking) if (!having.has(part)) without.add(part);
        continue;
      }
      this.unknown.push(word);
      if (!this.exact && [...seen.values()].flat().some((other) => isNear(wanted, other))) this.near.push(word);
      else all = false;
    }
    return all ? results.filter((result) => !without.has(partOf(result))) : [];
  }

  // Whether a part without hits has a word that begins like it.
  async isElsewhere(word, seen) {
    if (seen.size === this.index.parts) return false;
    const alone = await firstWords(await this.ask(folded(word)));
    return [...alone.values()].flat().some((other) => other.startsWith(bare(word)));
  }

  async phrase(text) {
    const results = await this.phraseHits(text);
    if (!results.length) this.unknown.push(`"${text}"`);
    return this.scored(results);
  }

  async phraseHits(text) {
    for (const asked of [text, folded(text)]) {
      const hits = await this.ask(`"${spaced(asked)}"`);
      if (hits.length) return hits;
    }
    // Pagefind loses places of words with accents.
    return having(text, (await this.ask(spaced(folded(text)))).slice(0, REFINED));
  }

  async inField({ op, text, field }) {
    const results = op === "phrase" || HAS_CJK.test(text) ? await this.phraseHits(text) : await this.ask(folded(text));
    const matches = (result) => (result.matchedMetaFields ?? []).some((name) => PARTS[field].includes(name));
    const inside = results.filter(matches);
    if (op === "word") {
      if (field === "id") return this.scored(await this.identified(text, inside));
      return this.scored(await this.real([text], inside));
    }
    // Of a phrase that is in the text as well, Pagefind does not say where else it is.
    const unsure = results.filter((result) => !matches(result)).slice(0, VERIFIED);
    if (unsure.length) inside.push(...await having(text, unsure, PARTS[field]));
    if (!inside.length) this.unknown.push(`${field}:"${text}"`);
    return this.scored(inside);
  }

  // Documents with just that identifier: the beginning of one would find others, too. Any version of a preprint.
  async identified(text, results) {
    const wanted = [bare(text), bare(text.replace(/^(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?\/\d{7})v\d+$/i, "$1"))];
    const those = [];
    for (const result of results.slice(0, VERIFIED)) {
      const { meta } = await result.data();
      if ((meta.ids ?? "").split(" ").some((id) => wanted.includes(bare(id)))) those.push(result);
    }
    if (!those.length) this.unknown.push(text);
    return those;
  }

  async years({ from, to }) {
    const facets = await this.index.facets();
    return this.rowsWith(facets.year, (slug) => {
      const year = Number(slug);
      return !Number.isNaN(year) && (from === null || year >= from) && (to === null || year <= to);
    });
  }

  async value({ facet: name, text }) {
    const facet = (await this.index.facets())[name];
    const places = valuesNamed(facet, text, name);
    if (!places.size) this.problems.push({ code: "value", facet: name, text });
    return this.rowsWith(facet, (slug, place) => places.has(place));
  }

  rowsWith(facet, isWanted) {
    const scores = new Float64Array(this.size);
    if (!facet) return scores;
    const places = facet.slugs.map(isWanted);
    for (let row = 0; row < this.size; row += 1) if (facet.row(row).some((place) => places[place])) scores[row] = NO_SCORE;
    return scores;
  }
}

// A value of that very name; without one, those that have a word that begins with each of the words.
export function valuesNamed(facet, text, name = "") {
  if (!facet) return new Set();
  const all = facet.labels.map((label, place) => place);
  const wanted = bareWords(text);
  if (name === "file" && ["file", "files"].includes(text.toLowerCase())) return new Set(all);
  const same = (other) => bareWords(other).join(" ") === wanted.join(" ");
  const exact = all.filter((place) => same(facet.labels[place]) || same(facet.slugs[place]));
  if (exact.length || !wanted.length) return new Set(exact);
  return new Set(all.filter((place) => {
    const words = bareWords(facet.labels[place]);
    return wanted.every((word) => words.some((other) => other.startsWith(word)));
  }));
}

// What ids begin with, each part's with something else.
const partOf = ({ id }) => id.slice(0, id.lastIndexOf("_"));

// Part -> the words of its first hit.
async function firstWords(results) {
  const firsts = new Map();
  for (const result of results) if (!firsts.has(partOf(result))) firsts.set(partOf(result), result);
  return new Map(await Promise.all([...firsts].map(async ([part, result]) => {
    const { meta, content } = await result.data();
    const text = [...Object.values(meta), content].join(" ");
    return [part, [...new Set([...text.split(/\s+/).map(bare), ...bareWords(text)].filter(Boolean))]];
  })));
}

const having = async (...about) => (await import("./search-phrases.js")).having(...about);

// Whether they begin alike for so long that it is no accident. Numbers that do so have nothing in common.
function isNear(typed, other) {
  if (/\p{N}/u.test(typed)) return false;
  let length = 0;
  while (length < typed.length && typed[length] === other[length]) length += 1;
  return length >= ALIKE && length >= typed.length * ALIKE_SHARE;
}
