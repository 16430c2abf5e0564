// Which documents have a phrase or a word in some place, seen by reading them. Loaded when Pagefind does not tell.

import { bare, bareWords, joined } from "./search-query.js";

export const VERIFIED = 400; // at most so many documents are read
const NOTES = "¶"; // between an abstract and the notes: no phrase leads across

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
