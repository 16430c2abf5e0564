// Texts of single items, from the files that itemtexts.py makes -> references to show, and files to save.

import { numberOf } from "./search-number.js";

const PARALLEL = 12;
const loaded = new Map(); // address -> what is in the file

async function shard(address) {
  const answer = await fetch(address, { cache: "no-cache" });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.json();
}

// The text of each key, undefined for those without. set: how they are divided. folder: the address of exports/parts/.
export async function textsOf(keys, set, folder, tell = () => {}) {
  const numbers = keys.map((key) => numberOf(key) & (set.shards - 1));
  const wanted = [...new Set(numbers)];
  let done = 0;
  const work = async (number) => {
    const address = `${folder}${set.name}/${number}.json`;
    if (!loaded.has(address)) loaded.set(address, shard(address));
    try { loaded.set(address, await loaded.get(address)); } catch (error) { loaded.delete(address); throw error; }
    tell(++done / wanted.length);
  };
  const queue = wanted.values();
  await Promise.all(Array.from({ length: PARALLEL }, async () => { for (const number of queue) await work(number); }));
  return keys.map((key, place) => loaded.get(`${folder}${set.name}/${numbers[place]}.json`)[key]);
}

// A file of those that have a text in this format, and how many those are.
export async function fileOf(keys, set, folder, title, tell) {
  const texts = (await textsOf(keys, set, folder, tell)).filter((text) => text !== undefined);
  const whole = set.name === "references" ? page(texts, title) : set.head + texts.join(set.between) + set.tail;
  return { blob: new Blob([whole], { type: `${set.media_type};charset=utf-8` }), count: texts.length };
}

// References as a page of their own, which word processors open as well. They come sanitised from the site.
function page(texts, title) {
  const escaped = title.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
  const items = texts.map((text) => `<li>${text}</li>`).join("\n");
  return `<!DOCTYPE html>\n<html lang="${document.documentElement.lang}">\n<meta charset="utf-8">\n<title>${escaped}</title>\n<h1>${escaped}</h1>\n<ol>\n${items}\n</ol>\n</html>\n`;
}

export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
