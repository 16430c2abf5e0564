// Which documents have a phrase, and what is seen by reading them where Pagefind does not tell. Loaded when needed.

import { HAS_CJK, asWords, bare, bareWords, compared, folded, joined, spaced } from "./search-query.js";

export const VERIFIED = 400; // at most so many documents are read
const NOTES = "¶"; // between an abstract and the notes: no phrase leads across

// The results that have a phrase. names: of the parts of documents to read where Pagefind does not tell.
export async function phraseHits(text, names, finder) {
  const found = (await Promise.all([...new Set([text, folded(text)])].map((each) => finder.ask(`"${spaced(each)}"`)))).flat();
  const hits = new Map(found.map((result) => [result.id, result]));
  const typed = asWords(text);
  const words = await finder.index.words();
  const isLoose = typed.length > 1 && !HAS_CJK.test(text) && (await Promise.all(typed.map((word) => words.isLoose(word)))).some(Boolean);
  if (!isLoose) return [...hits.values()];
  const sets = await Promise.all(text.split(/\s+/).filter(compared).map((word) => spelt(word, finder)));
  const candidates = [...sets[0].values()].filter(({ id }) => !hits.has(id) && sets.every((set) => set.has(id)));
  return [...hits.values(), ...await having(typed, candidates, names, finder)];
}

// Id -> result of what has a word, in either spelling.
async function spelt(word, finder) {
  const found = await Promise.all([compared(folded(word)), compared(word)].map((each) => finder.ask(`"${each}"`)));
  return new Map(found.flat().map((result) => [result.id, result]));
}

// The results whose document has the words in a row, whatever their endings. names: of the parts of the document to
// look into; without them, all and the text.
export async function having(words, results, names, finder) {
  const isAt = async (place, tokens) => {
    for (const [number, word] of words.entries()) if (!(await someAsync(tokens[place + number], (other) => isFormOf(word, other, finder)))) return false;
    return true;
  };
  const read = results.slice(0, VERIFIED);
  const found = await Promise.all(read.map(async (result) => {
    const { meta, content } = await result.data();
    const texts = names ? names.map((name) => meta[name] ?? "") : [content, ...Object.values(meta)];
    return someAsync(texts, (text) => {
      const tokens = joined(text).split(/\s+/).map((token) => (token === NOTES ? [NOTES] : [...new Set(allWords(token))])).filter((token) => token.length);
      return someAsync([...tokens.keys()].slice(0, tokens.length - words.length + 1), (place) => isAt(place, tokens));
    });
  }));
  return read.filter((result, place) => found[place]);
}

// The results with a form of a word in those parts.
export async function havingForm(form, results, names, finder) {
  const found = await Promise.all(results.map(async (result) => {
    const { meta } = await result.data();
    return someAsync(new Set(names.flatMap((name) => allWords(meta[name] ?? ""))), (word) => isFormOf(form, word, finder));
  }));
  return results.filter((result, place) => found[place]);
}

async function someAsync(all, test) {
  for (const each of all) if (await test(each)) return true;
  return false;
}

// The stem of a word that nobody used is unknown, but forms of it are in the same documents.
async function isFormOf(form, word, finder) {
  if (word === form || word[0] !== form[0]) return word === form;
  const words = await finder.index.words();
  const stem = await words.stem(form);
  if (stem !== undefined) return (await words.stem(word)) === stem;
  const [one, other] = await Promise.all([form, word].map(async (each) => new Set((await finder.ask(`"${each}"`)).map(({ id }) => id))));
  return one.size === other.size && [...one].every((id) => other.has(id));
}

// A word with signs or capitals inside it counts as each of its parts as well.
const allWords = (text) => [
  ...text.split(/\s+/).map(bare), ...bareWords(text), ...bareWords(text.replace(/(?<=[a-z])(?=[A-Z])/g, " ")),
].filter(Boolean);
