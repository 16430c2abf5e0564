// A word that nobody used -> the word that was meant. The list of words is made in spelling.py.

import { HAS_CJK, bare } from "./search-query.js";

export function readWords(text) {
  const words = [];
  let word = "";
  for (const part of text.split(" ")) {
    word = word.slice(0, parseInt(part[0], 36)) + part.slice(1, -1);
    words.push({ word, plain: bare(word), level: Number(part.at(-1)) });
  }
  return words;
}

// The query with other words for those that nobody used, if that finds something. find: of search-index.js.
export async function meant(q, { finder, words: typed }, opened, find) {
  const words = await opened.vocabulary();
  const isKnown = (word) => words.some(({ plain }) => plain.startsWith(bare(word)));
  const mistyped = (finder?.unknown.length ? finder.unknown : typed.filter((word) => !isKnown(word)))
    .filter((word) => /^[\p{L}\p{M}'’-]+$/u.test(word) && !HAS_CJK.test(word)).slice(0, 3);
  let text = q;
  for (const word of mistyped) {
    const other = suggestion(word, words);
    if (!other) return null;
    text = text.replace(word, () => other);
  }
  if (text === q) return null;
  const better = await find(text, opened);
  return better.scores?.some(Boolean) && !better.finder?.near.length ? text : null;
}

// The nearest word, the more frequent of those that are as near; two words that stand without a space between them;
// or "".
function suggestion(typed, words) {
  const wanted = bare(typed);
  const most = wanted.length < 4 ? 0 : wanted.length < 7 ? 1 : 2;
  let best = { word: "", cost: Infinity };
  for (const { word, plain, level } of words) {
    if (Math.abs(plain.length - wanted.length) > most || plain === wanted) continue;
    // People seldom mistake the first letter; and frequent words are what is meant more often.
    const start = plain[0] === wanted[0] ? 0 : 0.6;
    if (start - level / 20 >= best.cost) continue;
    const edits = distance(wanted, plain, most);
    const cost = edits + start - level / 20;
    if (edits <= most && cost < best.cost) best = { word, cost };
  }
  return best.word || apart(wanted, words);
}

function apart(wanted, words) {
  if (wanted.length < 8) return "";
  const known = new Map(words.map(({ word, plain }) => [plain, word]));
  for (let at = 4; at <= wanted.length - 4; at += 1) {
    const [one, other] = [known.get(wanted.slice(0, at)), known.get(wanted.slice(at))];
    if (one && other) return `${one} ${other}`;
  }
  return "";
}

// Letters to be changed, added, left out or swapped with the next; more than `most` is not counted to the end.
function distance(one, other, most) {
  let [before, last] = [[], Array.from({ length: other.length + 1 }, (_, at) => at)];
  for (let row = 1; row <= one.length; row += 1) {
    const next = [row];
    for (let at = 1; at <= other.length; at += 1) {
      const same = one[row - 1] === other[at - 1];
      let cost = Math.min(last[at] + 1, next[at - 1] + 1, last[at - 1] + (same ? 0 : 1));
      if (row > 1 && at > 1 && one[row - 1] === other[at - 2] && one[row - 2] === other[at - 1]) cost = Math.min(cost, before[at - 2] + 1);
      next.push(cost);
    }
    if (Math.min(...next) > most) return most + 1;
    [before, last] = [last, next];
  }
  return last[other.length];
}
