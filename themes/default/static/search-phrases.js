// Which documents have a phrase or a word in some place, seen by reading them. Loaded when Pagefind does not tell.

import { bare, bareWords, spaced } from "./search-query.js";

// The results whose document has it. names: of the parts of the document to look into; without them, all and the text.
export async function having(phrase, results, names) {
  const wanted = asWords(phrase);
  const found = await Promise.all(results.map(async (result) => {
    const { meta, content } = await result.data();
    const texts = names ? names.map((name) => meta[name] ?? "") : [content, ...Object.values(meta)];
    return texts.some((text) => asWords(text).includes(wanted));
  }));
  return results.filter((result, place) => found[place]);
}

// The results with a form of a word in those parts. isForm: tells that of a word, after a while.
export async function havingForm(isForm, results, names) {
  const found = await Promise.all(results.map(async (result) => {
    const { meta } = await result.data();
    const inside = new Set(names.flatMap((name) => allWords(meta[name] ?? "")));
    return (await Promise.all([...inside].map(isForm))).some(Boolean);
  }));
  return results.filter((result, place) => found[place]);
}

// A word with signs or capitals inside it counts as each of its parts as well.
const allWords = (text) => [...text.split(/\s+/).map(bare), ...bareWords(text), ...bareWords(text.replace(/(?<=[a-z])(?=[A-Z])/g, " "))];
const asWords = (text) => ` ${bareWords(spaced(text)).join(" ")} `;
