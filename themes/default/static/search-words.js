// What a typed word stands for: all words that begin with it, and the other forms of these. The lists of words, with
// their stems, are made in lexicon.py.

import { numberOf } from "./search-number.js";

const MANY = 24; // stems; as there
const NEAR = 5; // letters at the beginning of a word that nothing has, by which the nearest are found
const NEAR_SHARE = 0.6; // of all its letters

// places: [{folder, build, part}], of the parts of an index, which are read as one. part: number in the ids of results.
export async function openWords(places) {
  return new Words(await Promise.all(places.map(openList)));
}

async function openList({ folder, build, part = "" }) {
  const read = async (name) => {
    const answer = await fetch(`${folder}words/${name}.json?${build}`);
    if (!answer.ok) throw new Error(`${answer.url}: ${answer.status}`);
    return answer.json();
  };
  const { firsts, longer, apart } = await read("first");
  return new List(part, { firsts: firsts.split(" "), longer: asMap(longer), apart: asMap(apart) }, read);
}

// Readers may look for "constructor", which every object has.
const asMap = (object) => new Map(Object.entries(object));

// What is made once, but anew after a failure: who was offline tries again.
function once(answers, key, make) {
  if (!answers.has(key)) answers.set(key, make().catch((error) => { answers.delete(key); throw error; }));
  return answers.get(key);
}

// Words in order, in files of which the first words are known.
class List {
  constructor(part, beginnings, read) {
    Object.assign(this, { part, read, ...beginnings });
    this.files = new Map();
  }

  // The place of the file in which a word would stand.
  placeOf(word) {
    let [low, high] = [0, this.firsts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.firsts[middle] <= word) low = middle + 1; else high = middle;
    }
    return Math.max(0, low - 1);
  }

  file(place) {
    return once(this.files, place, async () => decoded(await this.read(nameOf(this.firsts[place]))));
  }

  // [word, stem, isLoose] of those that begin so, up to more than MANY stems.
  async beginning(start) {
    const found = [];
    const stems = new Set();
    let place = this.placeOf(start);
    do {
      for (const entry of await this.file(place)) {
        if (!entry[0].startsWith(start)) continue;
        found.push(entry);
        if (stems.add(entry[1]).size > MANY) return found;
      }
      place += 1;
    } while (this.firsts[place]?.startsWith(start));
    return found;
  }

  // The longest beginning that a word has in common with any.
  async shared(word) {
    const place = this.placeOf(word);
    const near = [...await this.file(place), [this.firsts[place + 1] ?? ""]];
    return near.reduce((most, [other]) => Math.max(most, alike(word, other)), 0);
  }
}

class Words {
  constructor(lists) {
    this.lists = lists;
    this.known = new Map();
  }

  // null: no word begins so. Else {exact, beginnings, isClear}: what to ask the index for, words of which one form is
  // as good as the others, and beginnings, each with the parts that lack it. isClear: the typed word alone would find
  // the same.
  meaning(typed) {
    return once(this.known, typed, () => this.#meaning(typed));
  }

  async #meaning(typed) {
    const lists = await this.#beginnings(typed);
    const words = lists.flat();
    const lacking = this.lists.filter((list, place) => !lists[place].length).map(({ part }) => part);
    const stems = stemsOf(words);
    if (!stems.size) return null;
    if (lists.some((list) => stemsOf(list).size > MANY)) return this.#many(typed, words, lacking);
    const stem = await this.stem(typed);
    // A word of which only other forms and longer words are used is looked for as well.
    if (stem === undefined) return { exact: [...stems.values(), typed], beginnings: [], isClear: false };
    const others = (await this.#beginnings(stem)).flat();
    const isClear = !lacking.length && others.every(([, other]) => stems.has(other)) && [...stems.keys()].every((each) => each.startsWith(stem));
    return { exact: [...stems.values()], beginnings: [], isClear };
  }

  // Too many in one part to ask for each. That part tells how Pagefind takes such a beginning.
  async #many(typed, words, lacking) {
    const letters = new Set(this.lists.flatMap(({ longer }) => [...(longer.get(typed) ?? "")]));
    const apart = this.lists.flatMap((list) => list.apart.get(typed) ?? []);
    apart.push(...words.filter(([, stem]) => !stem.startsWith(typed)).map(([word]) => word));
    if (!letters.size) {
      const isClear = !apart.length && !lacking.length;
      return { exact: [...new Set(apart)], beginnings: [{ start: typed, lacking }], isClear };
    }
    for (const [word] of words) if (word.length > typed.length) letters.add(String.fromCodePoint(word.codePointAt(typed.length)));
    const longer = (await Promise.all([...letters].map((letter) => this.meaning(typed + letter)))).filter(Boolean);
    return {
      exact: [...new Set([typed, ...apart, ...longer.flatMap(({ exact }) => exact)])],
      beginnings: longer.flatMap(({ beginnings }) => beginnings), isClear: false,
    };
  }

  // By part.
  #beginnings(start) { return Promise.all(this.lists.map((list) => list.beginning(start))); }

  // The beginning of words that is nearest to a word that nobody used, or "". Numbers that begin alike have nothing in
  // common.
  async nearest(typed) {
    if (/\p{N}/u.test(typed)) return "";
    const length = Math.max(...await Promise.all(this.lists.map((list) => list.shared(typed))));
    return length >= NEAR && length >= typed.length * NEAR_SHARE ? typed.slice(0, length) : "";
  }

  // undefined: nobody used the word.
  async stem(word) { return (await this.#entries(word))[0]?.[1]; }

  // Whether Pagefind may miss phrases with the word.
  async isLoose(word) {
    const entries = await this.#entries(word);
    return !entries.length || entries.some(([, , loose]) => loose);
  }

  async #entries(word) { return (await this.#beginnings(word)).flat().filter(([other]) => other === word); }
}

// Each with a word that has it.
const stemsOf = (words) => new Map(words.map(([word, stem]) => [stem, word]));

const nameOf = (first) => numberOf(first).toString(16).padStart(8, "0");

function decoded(text) {
  const words = [];
  let word = "";
  for (const part of text.split(" ")) {
    const isLoose = part.endsWith("'");
    const [rest, ending] = (isLoose ? part.slice(0, -1) : part).split("/");
    word = word.slice(0, parseInt(rest[0], 36)) + rest.slice(1);
    words.push([word, ending === undefined ? word : word.slice(0, word.length - parseInt(ending[0], 36)) + ending.slice(1), isLoose]);
  }
  return words;
}

function alike(one, other) {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}
