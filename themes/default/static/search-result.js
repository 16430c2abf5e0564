// What is found -> an entry in the list of results.

import { CJK_RUN, bare, joined, joinedHtml } from "./search-query.js";

const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&", "&#34;": '"', "&#39;": "'" };
const unescaped = (text) => text.replace(/&(?:lt|gt|amp|#34|#39);/g, (entity) => ENTITIES[entity]);

// Never innerHTML: of all markup only these few elements can come out.
export function markup(html) {
  const top = document.createDocumentFragment();
  const open = [top];
  for (const part of html.split(/(<[^<>]*>)/)) {
    const tag = /^<(\/?)(i|b|sub|sup|span)(?: class="([\w-]+)")?>$/.exec(part);
    if (!tag) open.at(-1).append(unescaped(part));
    else if (tag[1]) { if (open.length > 1) open.pop(); }
    else {
      const element = document.createElement(tag[2]);
      if (tag[3]) element.className = tag[3];
      open.at(-1).append(element);
      open.push(element);
    }
  }
  return top;
}

// A word with a mark on it, but not on the comma that follows.
function marked(word) {
  const [, before, middle, after] = /^([^\p{L}\p{N}]*)(.*?)([^\p{L}\p{N}+#]*)$/su.exec(word);
  if (!middle) return [word];
  const element = document.createElement("mark");
  element.textContent = middle;
  return [before, element, after];
}

// Mark the words inside an element that begin like one that was typed.
function markWords(root, words) {
  const wanted = words.map(bare).filter(Boolean);
  const ends = ["\\s+", "[\\u2010-\\u2015-]", ...words.filter((word) => CJK_RUN.test(word))];
  const isWanted = (part) => wanted.some((word) => bare(part).startsWith(word));
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (texts.nextNode()) if (!texts.currentNode.parentElement.closest("mark")) nodes.push(texts.currentNode);
  for (const node of nodes) {
    const parts = node.data.split(new RegExp(`(${ends.join("|")})`, "u"));
    if (parts.some(isWanted)) node.replaceWith(...parts.flatMap((part) => (isWanted(part) ? marked(part) : [part])));
  }
}

// A passage of a file with its page. link: {href, text}.
export function makePassage({ href, text }, html) {
  const line = document.createElement("li");
  const link = document.createElement("a");
  link.href = href;
  link.textContent = text;
  line.append(link, " ", ...withMarks(joinedHtml(html)));
  return line;
}

// The part of the text that Pagefind chose, with what it found.
function excerpt({ excerpt: chosen, plain_excerpt: plain, content }) {
  const start = content.startsWith(plain.slice(0, 40)) ? "" : "… ";
  const end = content.endsWith(plain.slice(-40)) ? "" : " …";
  return [start, ...withMarks(joinedHtml(chosen).replace(/^¶ /, "")), end];
}

function withMarks(html) {
  const pieces = html.replaceAll("</mark><mark>", "").split(/<mark>(.*?)<\/mark>/s);
  return pieces.flatMap((piece, place) => (place % 2 ? marked(unescaped(piece)) : [unescaped(piece)]));
}

function creators(names, { separator, more }) {
  const all = joined(names).split("; ");
  const first = all.slice(0, 3).join(separator);
  return all.length > 3 ? more(first, all.length - 3) : first;
}

// The markup of a reference may have links in it, which an entry that is a link cannot have.
const withoutLinks = (html) => html.replace(/<\/?a\b[^<>]*>/g, "");

// What a row is shown as. data: its document. look: {templates, root, untitled, creators: {separator, more}, marks,
// excerptMarks, abstracts}. reference: HTML in place of title and names, or "".
export function makeResult(data, row, shown, look, reference) {
  const { meta } = data;
  const item = look.templates.result.cloneNode(true);
  const slot = (name) => item.querySelector(`[data-slot="${name}"]`);
  const put = (name, ...content) => slot(name)?.append(...content);

  const title = joined(meta.title ?? look.untitled);
  slot("title").href = look.root + data.raw_url;
  if (reference) {
    slot("title").classList.add("reference");
    put("title", markup(withoutLinks(reference)));
  } else {
    put("title", shown.titles[row] ? markup(shown.titles[row]) : title);
    put("creators", shown.creators[row] ?? (meta.creators ? creators(meta.creators, look.creators) : ""));
    put("venue", joined(meta.venue ?? ""));
    put("year", meta.year ?? "");
  }
  for (const name of ["title", "creators"]) markWords(slot(name), look.marks);

  // Without abstract and notes Pagefind has the title for a text.
  const key = data.raw_url.split("/").at(-2);
  const content = joined(data.content);
  if (content !== title && content !== `${title} ${key}`) {
    put("excerpt", ...(look.abstracts ? [content.replace(/(?:^| )¶ .*$/s, "")] : excerpt(data)));
    markWords(slot("excerpt"), look.abstracts ? look.marks : look.excerptMarks);
  }

  const type = look.templates.type(shown.types[shown.type[row]]);
  if (type) put("kind", type);
  const file = shown.files[shown.file[row]];
  if (file) put("file", file);
  put("name", title);

  for (const element of item.querySelectorAll("[data-slot]")) if (!element.hasChildNodes() || !element.textContent) element.remove();
  for (const dot of item.querySelectorAll(".dot")) {
    if (!dot.previousElementSibling || !dot.nextElementSibling || dot.nextElementSibling.matches(".dot")) dot.remove();
  }
  for (const line of item.querySelectorAll(".entry-by")) if (!line.childElementCount) line.remove();
  return item.firstElementChild;
}
