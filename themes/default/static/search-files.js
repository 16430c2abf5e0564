// What is asked for -> the published files that have it inside, with the pages. Opened only when the reader wants it.

import { Finder, elided, prune } from "./search-find.js";
import { parse, wanted } from "./search-query.js";

// folder: the address of pagefind/. Each part of the index is one of Pagefind's own.
// readMeta, reacher: of search-index.js. openWords: of search-words.js.
export async function openFiles(folder, pagefind, { readMeta, reacher, openWords }) {
  const answer = await fetch(`${folder}files/zstatic.json`, { cache: "no-cache" });
  if (!answer.ok) throw new Error(`files: ${answer.status}`);
  const { parts } = await answer.json();
  return Promise.all(parts.map(async ({ folder: name, build, meta, files }) => {
    const basePath = `${folder}files/${name}/`;
    const instance = pagefind.createInstance({ basePath, metaCacheTag: build, excerptLength: 24 });
    const [pieces, words] = await Promise.all([readMeta(basePath + meta), openWords([{ folder: basePath, build }]), instance.init()]);
    const ids = Object.keys(files);
    return { pagefind: instance, ids, files, rows: new Map(ids.map((id, row) => [id, row])), words: async () => words, reach: reacher([pieces], instance), facets: async () => ({}) };
  }));
}

// Whether a tree asks for nothing but words and phrases, which alone files have.
export function isForFiles(tree) {
  if (tree.op === "and" || tree.op === "or") return tree.parts.every(isForFiles);
  return (tree.op === "word" || tree.op === "phrase") && !tree.field;
}

// Row of an item -> its files that have it, [{score, path, result}], the best first.
export async function findFiles(tree, opened) {
  const found = new Map();
  for (const part of opened) {
    const finder = new Finder(part, true);
    const scores = await finder.find(tree);
    scores.forEach((score, place) => {
      if (!score) return;
      const [row, path] = part.files[part.ids[place]];
      if (!found.has(row)) found.set(row, []);
      found.get(row).push({ score, path, result: finder.hits.get(place) });
    });
  }
  for (const files of found.values()) files.sort((one, other) => other.score - one.score || (one.path < other.path ? -1 : 1));
  return found;
}

// Where in a file it stands: [{page, excerpt}], page null where pages are not known.
export async function passages({ result }, most) {
  const data = await result.data();
  const parts = data.sub_results.length ? data.sub_results : [data];
  return parts.slice(0, most).map(({ url, excerpt }) => {
    const page = /#page=(\d+)$/.exec(url)?.[1] ?? null;
    return { page, excerpt: page ? excerpt.replace(new RegExp(`^${page}\\. `), "") : excerpt };
  });
}

// The same with what stands inside files: items with a match there follow the others.
export async function withFiles(q, found, opened) {
  const pruned = prune(elided(parse(q).tree, opened.idle.little), { ...opened.idle, common: new Set() });
  if (!pruned || !isForFiles(pruned)) return { ...found, files: new Map(), problems: [...found.problems, { code: "files" }] };
  const files = await findFiles(pruned, await opened.inside());
  const exact = found.finder?.near.length ? null : found.scores;
  const scores = exact ? exact.slice() : new Float64Array(opened.ids.length);
  const lowest = scores.reduce((low, score) => (score ? Math.min(low, score) : low), 1);
  const highest = Math.max(1e-9, ...[...files.values()].map(([{ score }]) => score));
  for (const [row, [{ score }]] of files) if (!scores[row]) scores[row] = (lowest / 2) * (score / highest);
  // A word that no record has may stand in a file.
  const finder = files.size && found.finder ? Object.assign(Object.create(found.finder), { near: [], unknown: [] }) : found.finder;
  return { ...found, finder, scores, files, words: found.words ?? wanted(pruned) };
}
