// A tree of what is looked for (search-query.js) -> the rows of the index that have it, each with a score.

import { CJK_RUN, HAS_CJK, bare, bareWords, compared, folded, spaced } from "./search-query.js";

const KNOWN = ["title", "creators", "year"];
const PREFERRED = 6; // so many words of a query
const MANY = 1500; // results of which the best are good whatever their words begin like, and asking again is slow
export const REFINED = 24; // results that are looked at more closely: few more than are shown
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

// "l'art" is "art" to who looks for it: a little word that is tied to the next one is left out like others.
export function elided(tree, little) {
  if (tree?.parts) return { ...tree, parts: tree.parts.map((part) => elided(part, little)) };
  if (tree?.part) return { ...tree, part: elided(tree.part, little) };
  if (tree?.op !== "word" || tree.field === "id") return tree;
  return { ...tree, text: tree.text.replace(/^(\p{L}{1,2})['’](?=\p{L}{2})/u, (all, first) => (little.has(bare(first)) ? "" : all)) };
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
    this.asked = new Map(); // what was asked of Pagefind -> the answer
  }

  // Scores by row; 0 = not found.
  async find(tree) {
    switch (tree.op) {
      case "and": return this.all(tree.parts);
      case "or": return this.any(tree.parts);
      case "not": return this.none(await this.find(tree.part));
      case "word": return tree.field ? inField(tree, this) : this.words([tree.text]);
      case "phrase": return tree.field ? inField(tree, this) : this.phrase(tree.text);
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

  // Pagefind's results, asked for once.
  ask(typed) {
    // As in the index.
    const query = typed.replace(/[^\p{L}\p{N}\p{M}\s+#_"]/gu, "");
    if (!this.asked.has(query)) this.asked.set(query, this.answer(query));
    return this.asked.get(query);
  }

  async answer(query) {
    if (!query.startsWith('"')) await this.index.reach(query.split(/\s+/).map(bare).filter(Boolean));
    return (await this.index.pagefind.search(query)).results;
  }

  scored(results) {
    const scores = new Float64Array(this.size);
    for (const result of results) {
      const row = this.index.rows.get(result.id);
      scores[row] = Math.max(scores[row], result.score + NO_SCORE);
      if (!this.hits.has(row)) this.hits.set(row, result);
    }
    return scores;
  }

  // Rows that have every word: one that begins with it, or another form of one that does.
  async words(words) {
    if (words.length === 1 && CJK_RUN.test(words[0])) {
      const together = await this.ask(`"${spaced(words[0])}"`);
      if (!together.length) this.unknown.push(words[0]);
      if (together.length || this.exact) return this.scored(together);
      this.near.push(words[0]);
      return this.scored(await this.ask(spaced(words[0])));
    }
    // Mostly that is what is asked for in the end, so that nothing waits for the lists of words.
    this.ask(spaced(folded(words.join(" ")))).catch(() => {});
    const meant = await Promise.all(words.map((word) => this.meaning(word)));
    if (meant.includes(null)) return new Float64Array(this.size);
    const results = await this.ask(spaced(folded(meant.map(({ text }) => text).join(" "))));
    const scores = this.scored(results);
    const those = await Promise.all(meant.filter(({ isClear }) => !isClear).map((each) => this.having(each)));
    const found = those.length ? await this.within(those, meant, scores) : scores;
    const count = found.reduce((sum, score) => sum + (score > 0), 0);
    return count > (words.length > 1 ? REFINED : 1) && count < MANY ? this.preferExact(words, found) : found;
  }

  // What a word stands for, {text, exact, beginnings, isClear}, or null: nobody used it, nor anything near.
  async meaning(word) {
    const spellings = [...new Set([compared(folded(word)), compared(word)])];
    if (HAS_CJK.test(word) || !spellings[0]) return { text: word, isClear: true };
    const words = await this.index.words();
    const known = (await Promise.all(spellings.map((typed) => words.meaning(typed)))).filter(Boolean);
    if (known.length) return { text: word, ...(spellings.length > 1 ? either(known) : known[0]) };
    for (const form of [folded(word), word]) {
      if ((await this.ask(`"${form}"`)).length) return { text: word, exact: [form], beginnings: [], isClear: false };
    }
    this.unknown.push(word);
    const nearest = this.exact ? "" : await words.nearest(spellings[0]);
    if (!nearest) return null;
    this.near.push(word);
    return { text: nearest, ...await words.meaning(nearest) };
  }

  // Scores by row of what has one of the forms.
  async having({ exact, beginnings }) {
    const found = [...exact.map((word) => this.ask(`"${word}"`)), ...beginnings.map((each) => this.beginning(each))];
    return this.scored((await Promise.all(found)).flat());
  }

  // A part of the index that lacks it would give something else.
  async beginning({ start, lacking }) {
    return (await this.ask(start)).filter((result) => !lacking.includes(partOf(result)));
  }

  // Pagefind takes words for others that begin alike, and leaves some out: what has all that is meant, by its scores
  // where it gave any.
  async within(those, meant, scores) {
    const clear = meant.filter(({ isClear }) => isClear).map(({ text }) => text);
    const sets = [...those, ...(clear.length ? [this.scored(await this.ask(spaced(folded(clear.join(" ")))))] : [])];
    return scores.map((score, row) => (sets.every((set) => set[row]) ? score || sets.reduce((sum, set) => sum + set[row], 0) : 0));
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

  async phrase(text) {
    const results = await phraseHits(text, undefined, this);
    if (!results.length) this.unknown.push(`"${text}"`);
    return this.scored(results);
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

// The part of the index that a result is from.
const partOf = ({ id }) => /-x-(\d+)_/.exec(id)?.[1] ?? "";
// What is spelt like one or the other: inside files there may be Łódź as well as Lodz.
const either = (meanings) => ({
  exact: [...new Set(meanings.flatMap(({ exact }) => exact))], beginnings: meanings.flatMap(({ beginnings }) => beginnings), isClear: false,
});
const inField = async (...about) => (await import("./search-fields.js")).inField(...about);
const phraseHits = async (...about) => (await import("./search-phrases.js")).phraseHits(...about);
