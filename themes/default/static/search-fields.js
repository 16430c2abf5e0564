// What a field such as title: finds. Loaded with the first query that has one.

import { VERIFIED, having, havingForm, phraseHits } from "./search-phrases.js";
import { HAS_CJK, asWords, bare, folded } from "./search-query.js";

// The parts of a document that a field searches; index and words are made in search.py.
const PARTS = {
  title: ["title", "title_alias"],
  author: ["creators", "creators_alias"],
  tag: ["tags", "tags_alias"],
  id: ["ids"],
};

const isIn = (field) => ({ matchedMetaFields }) => (matchedMetaFields ?? []).some((name) => PARTS[field].includes(name));

// Scores by row, 0 = not found. finder: of search-find.js, which is told what nothing has.
export async function inField({ op, text, field }, finder) {
  const isWord = op === "word" && !HAS_CJK.test(text);
  const results = await (!isWord ? withPhrase : field === "id" ? identified : withWord)(text, field, finder);
  if (!results.length && !finder.unknown.includes(text)) finder.unknown.push(op === "phrase" ? `${field}:"${text}"` : text);
  return finder.scored(results);
}

async function withPhrase(text, field, finder) {
  const results = await phraseHits(text, PARTS[field], finder);
  const inside = results.filter(isIn(field));
  // Of a phrase that is in the text as well, Pagefind does not say where else it is.
  const unsure = results.filter((result) => !isIn(field)(result));
  return [...inside, ...await having(asWords(text), unsure, PARTS[field], finder)];
}

async function withWord(text, field, finder) {
  const meant = await finder.meaning(text);
  if (!meant) return [];
  const found = meant.isClear ? [finder.ask(folded(meant.text))] : [
    ...meant.beginnings.map((each) => finder.beginning(each)), ...meant.exact.map((form) => withForm(form, field, finder)),
  ];
  return (await Promise.all(found)).flat().filter(isIn(field));
}

// Of a word that is in the text as well Pagefind does not say where else it is; of what begins like it, it does.
async function withForm(form, field, finder) {
  const words = await finder.index.words();
  const results = await finder.ask(form);
  if ((await words.meaning(form))?.isClear) return results;
  const sure = new Map((await finder.ask(`"${form}"`)).map((result) => [result.id, result]));
  const unsure = results.filter((result) => sure.has(result.id) && isIn(field)(result) && !isIn(field)(sure.get(result.id)));
  return [...sure.values(), ...await havingForm(form, unsure.slice(0, VERIFIED), PARTS[field], finder), ...unsure.slice(VERIFIED)];
}

// Documents with just that identifier: the beginning of one would find others, too. Any version of a preprint.
async function identified(text, field, finder) {
  const wanted = [bare(text), bare(text.replace(/^(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?\/\d{7})v\d+$/i, "$1"))];
  const those = [];
  for (const result of (await finder.ask(folded(text))).filter(isIn(field)).slice(0, VERIFIED)) {
    const { meta } = await result.data();
    if ((meta.ids ?? "").split(" ").some((id) => wanted.includes(bare(id)))) those.push(result);
  }
  return those;
}
