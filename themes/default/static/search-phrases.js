// Which documents have a phrase, seen by reading them. Loaded when Pagefind does not tell.

import { bareWords, spaced } from "./search-query.js";

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

const asWords = (text) => ` ${bareWords(spaced(text)).join(" ")} `;
