// Which of the best results comes first. Loaded with the first query of several words.

import { REFINED } from "./search-find.js";
import { HAS_CJK, bare, bareWords, folded, joined } from "./search-query.js";

const POINTS = {
  word: 3, // of the very word in title or names
  year: 4, // the year, not a number in title or names
  beginning: 1, // of a word that only begins as typed
  allInTitle: 1,
  wholeTitle: 1,
  family: 1.5, // the end of the first creator's name
  share: 1, // of the title, and of the first creator's name, that was typed
  score: 0.3, // the highest that Pagefind gave
};
const PERSON = 4; // words at most in a person's name

// Of the best, those first that have the very words in title and names, and the very year: who types them means that.
// The first creator's family name counts for more than other names, a title that is all typed for more than a longer one.
export async function refine(scores, words, finder) {
  const rows = [...finder.hits.keys()].filter((row) => scores[row]).sort((one, other) => scores[other] - scores[one] || one - other);
  const best = rows.slice(0, REFINED);
  if (best.length < 2) return;
  const above = scores[best[0]];
  await Promise.all(best.map(async (row) => {
    const { meta } = await finder.hits.get(row).data();
    scores[row] = above * (1 + points(meta, words)) + scores[row] * POINTS.score;
  }));
}

function points(meta, words) {
  const [first, ...others] = joined(meta.creators ?? "").split("; ");
  const [title, name] = [new Part(joined(meta.title ?? "")), new Part(first)];
  const rest = [others.join(" "), `${meta.title_alias} ${meta.creators_alias}`].map((text) => new Part(text));
  const all = [title, name, ...rest];
  const family = name.length <= PERSON ? new Part(/\S*$/u.exec(first)[0]) : null;
  let sum = POINTS.share * (title.share(words) + name.share(words));
  if (words.every((word) => title.has(word))) sum += POINTS.allInTitle;
  if (title.share(words) === 1) sum += POINTS.wholeTitle;
  if (family && words.some((word) => family.has(word))) sum += POINTS.family;
  for (const word of words) {
    if (word === meta.year) sum += POINTS.year;
    else if (all.some((part) => part.has(word))) sum += POINTS.word;
    else if (all.some((part) => part.begins(word))) sum += POINTS.beginning;
  }
  return sum;
}

// A title or names, to look for typed words in.
class Part {
  constructor(text) {
    const apart = bareWords(text);
    this.length = apart.length;
    this.words = new Set([...apart, ...text.split(/\s+/).map(bare)]);
    this.text = folded(text);
  }

  // The very word; of one with hyphens, each part of it.
  has(word) {
    if (HAS_CJK.test(word)) return this.text.includes(folded(word));
    return this.words.has(bare(word)) || bareWords(word).every((part) => this.words.has(part));
  }

  begins(word) {
    const start = bare(word);
    return [...this.words].some((other) => other.startsWith(start));
  }

  // How much of it was typed: 0 to 1.
  share(words) { return Math.min(1, words.filter((word) => this.has(word)).length / (this.length || 1)); }
}
