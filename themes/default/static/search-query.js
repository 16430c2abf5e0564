// What a reader types -> what is to be looked for. Knows nothing of the page and of the index.
//
// A tree is made of
//   {op: "and" | "or", parts}   {op: "not", part}
//   {op: "word" | "phrase", text, field}            field: "" = anywhere
//   {op: "years", from, to}                         either may be null
//   {op: "value", facet, text}                      of a facet, by name
// Problems are {code, ...}; the page has the sentences for them.

const LETTERS = { ß: "ss", æ: "ae", œ: "oe", ø: "o", ł: "l", đ: "d", ð: "d", þ: "th", ħ: "h", ı: "i" };
const CJK = "[\\u3001-\\u30ff\\u31f0-\\u31ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\uff01-\\uff0f\\uff1a-\\uff20\\u{20000}-\\u{3ffff}]";
const CJK_EDGE = new RegExp(`(?<=${CJK})(?=\\S)|(?<=\\S)(?=${CJK})`, "gu");
const CJK_SPACE = new RegExp(`(?<=${CJK}) (?=${CJK})`, "gu");
const CJK_GAP = new RegExp(`(?<=${CJK}(?:</mark>)?) (?=(?:<mark>)?${CJK})`, "gu");
const KNOT = ",\u2060"; // before a sign that stands alone; as the next one made in search.py
const SEAM = ";\u2060"; // within a word
export const HAS_CJK = new RegExp(CJK, "u");
export const CJK_RUN = new RegExp(`^${CJK}{2,}$`, "u");

export const spaced = (text) => text.replace(CJK_EDGE, " ");
const untied = (text) => text.replaceAll(KNOT, " ").replaceAll(SEAM, "");
export const joined = (text) => untied(text).replace(CJK_SPACE, "");
export const joinedHtml = (html) => untied(html).replace(CJK_GAP, "");
// In the same way as the aliases in the index: search.py, folded().
export const folded = (text) => text.normalize("NFKC").toLowerCase().replace(/[ßæœøłđðþħı]/g, (letter) => LETTERS[letter]);
// A word as Pagefind compares it: no accents, no punctuation.
export const bare = (word) => folded(word).normalize("NFD").replace(/[^\p{L}\p{N}+#]/gu, "");
// As the lists of words have it, and Pagefind with it.
export const compared = (word) => word.toLowerCase().normalize("NFD").replace(/[^\p{L}\p{N}+#_]/gu, "");
export const asWords = (text) => text.split(/\s+/).map((word) => compared(folded(word))).filter(Boolean);
export const bareWords = (text) => text.split(/[^\p{L}\p{N}\p{M}+#]+/u).map(bare).filter(Boolean);

// Identifiers ---------------------------------------------------------------------------------------------------------

function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

const doi = (id, text) => {
  if (/^(?:https?:|[\w.-]*doi\.org\/)/i.test(text)) return decoded(id.replace(/[?#].*$/, ""));
  return /%3[ce]/i.test(id) ? decoded(id) : id;
};

const IDENTIFIERS = [
  [/^(?:(?:https?:\/\/)?(?:[\w-]+\.)*doi\.org\/|doi:?\s*)?(10\.\d{4,9}(?:\.\d+)*\/\S+?)[.,;]?$/i, doi],
  [/^(?:isbn(?:-1[03])?:?\s*)?((?:97[89][\s\u2010-\u2015-]?)?\d(?:[\s\u2010-\u2015-]?\d){8}[\s\u2010-\u2015-]?[\dx])$/i, (id) => id.replace(/[^\dx]/gi, "")],
  [/^(?:[ep]-?)?(?:issn(?:-l)?:?\s*)?(\d{4}[\u2010-\u2015-]?\d{3}[\dx])$/i, (id) => id.replace(/[^\dx]/gi, "")],
  [/^(\d{4}\.\d{4,5}(?:v\d+)?)$/, (id) => id],
  [/^https?:\/\/\S+?\/(10\.\d{4,9}\/[^\s?#]+?)(?:\/(?:full|abstract|pdf|epdf|meta))?(?:\.pdf)?\/?(?:[?#]\S*)?$/i, (id) => decoded(id)],
  [/^(?:https?:\/\/(?:www\.)?arxiv\.org\/(?:abs|pdf)\/|arxiv:\s*)((?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?\/\d{7})(?:v\d+)?)(?:\.pdf)?$/i, (id) => id],
  [/^(?:https?:\/\/(?:pubmed\.ncbi\.nlm\.nih\.gov|www\.ncbi\.nlm\.nih\.gov\/pubmed)\/|pmid:?\s*)(\d{1,9})\/?$/i, (id) => id],
];

// The plain form of an identifier that stands alone, perhaps in brackets, or "".
export function identifier(text) {
  const typed = text.trim().replace(/^[([<]\s*(.*?)\s*[)\]>][.,;]?$/s, "$1");
  for (const [pattern, tidy] of IDENTIFIERS) {
    const match = pattern.exec(typed);
    if (match) return tidy(match[1], typed);
  }
  return "";
}

const TRACKING = /(?<=[?&])(?:utm_\w+|fbclid|gclid)=[^&]*&?/gi;

// What stays of a web address when two are compared, as in urls.py; "" for anything else.
export function comparedUrl(text) {
  const match = /^https?:\/\/(?:www\.)?([^/?#\s]+)([^#\s]*)(?:#\S*)?$/i.exec(text.trim());
  return match ? match[1].toLowerCase() + match[2].replace(TRACKING, "").replace(/[?&/]+$/, "").replace("/?", "?") : "";
}

// Tokens --------------------------------------------------------------------------------------------------------------

const FIELDS = { title: "title", author: "author", creator: "author", tag: "tag", doi: "id", isbn: "id", issn: "id", id: "id" };
const FACETS = { type: "type", collection: "collection", language: "language", library: "library", has: "file" };
const FIELD = /(-?)(title|author|creator|tag|doi|isbn|issn|id|type|collection|language|library|has|year):(?=\S)/iy;
// What looks like a field and is none, "publisher:"; in quotes or parentheses stands what it was meant for.
const NO_FIELD = /^(\p{L}[\p{L}\p{M}_-]+):(?:[\p{L}\p{N}]|$)/u;
// A mark at the end of a word opens nothing, as in 12".
const QUOTED = /(?!(?<=[^\s(:-])["“”„«»](?:[\s)]|$))["“”„«»]([^"“”„«»]*)["“”„«»]/y;
// As in (Ti0.1Fe0.9)O3.
const FORMULA = /(?:\([^\s()"“”„«»]+\))+[^\s()"“”„«»:-][^\s"“”„«»()]*/y;
// A "(" within a word or a DOI belongs to it as does the ")" that answers it.
const WORD = /(?:[^\s()"“”„«»]|(?<=[^\s(])\([^\s()]*\))+/y;

// noFields: takes {name, word, isSure}, isSure: the word alone cannot be meant.
function tokens(text, problems, noFields) {
  const found = [];
  let at = 0;
  let depth = 0;
  const take = (pattern) => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at += match[0].length;
    return match;
  };
  while (at < text.length) {
    if (take(/\s+/y)) continue;
    let match = take(FIELD);
    if (match) {
      if (match[1]) found.push({ kind: "not" });
      found.push({ kind: "field", name: match[2].toLowerCase() });
      // A year may have a minus and dots.
      if (match[2].toLowerCase() === "year" && (match = take(/[^\s()"“”„«»]+/y))) found.push({ kind: "word", text: match[0] });
    } else if ((match = take(FORMULA))) found.push({ kind: "word", text: match[0] });
    else if (take(/\(/y)) {
      depth += 1;
      found.push({ kind: "(" });
    } else if (take(/\)/y)) {
      if (depth) { depth -= 1; found.push({ kind: ")" }); }
      else problems.push({ code: "paren" });
    } else if ((match = take(QUOTED))) {
      if (bare(match[1])) found.push({ kind: "phrase", text: match[1].trim() });
    } else if (take(/["“”„«»]/y)) problems.push({ code: "quote" });
    else if (take(/(?:OR|\|\|?)(?=[\s()]|$)/y)) found.push({ kind: "or" });
    else if (take(/(?:AND|&&)(?=[\s()]|$)/y)) found.push({ kind: "and" });
    else if (take(/NOT(?=[\s()]|$)/y) || take(/-(?=[\p{L}\p{N}("“”„«»])/uy)) found.push({ kind: "not" });
    else if ((match = take(WORD)) && bare(match[0])) {
      const empty = /^(title|author|creator|tag|doi|isbn|issn|id|type|collection|language|library|has|year):$/i.exec(match[0]);
      const [, name] = (!empty && NO_FIELD.exec(match[0])) || [];
      const isSure = match[0].endsWith(":");
      if (empty) problems.push({ code: "empty", field: match[0] });
      else if (name && (!isSure || /["“”„«»(]/.test(text[at] ?? ""))) noFields.push({ name, word: match[0], isSure });
      found.push({ kind: "word", text: match[0] });
    } else if (!match) at += 1;
  }
  if (depth) problems.push({ code: "paren" });
  for (; depth; depth -= 1) found.push({ kind: ")" });
  return found;
}

// Tree ----------------------------------------------------------------------------------------------------------------

const group = (op, parts) => (parts.length === 1 ? parts[0] : { op, parts });

class Reader {
  constructor(found, problems) {
    this.tokens = found;
    this.problems = problems;
    this.at = 0;
    this.plain = true;
  }

  is(kind) { return this.tokens[this.at]?.kind === kind; }

  skip(kind) {
    if (!this.is(kind)) return false;
    this.at += 1;
    this.plain = false;
    return true;
  }

  // a OR b OR c
  any(field) {
    const parts = [];
    let operator = false;
    do {
      const part = this.all(field);
      if (part) parts.push(part);
      else if (operator || this.is("or")) this.problems.push({ code: "operator", operator: "OR" });
      operator = this.is("or");
    } while (this.skip("or"));
    return parts.length ? group("or", parts) : null;
  }

  // a b AND c
  all(field) {
    const parts = [];
    let operator = false;
    while (this.at < this.tokens.length && !this.is("or") && !this.is(")")) {
      if (this.skip("and")) {
        if (!parts.length || operator) this.problems.push({ code: "operator", operator: "AND" });
        operator = true;
        continue;
      }
      const part = this.one(field);
      if (part) parts.push(part);
      operator = false;
    }
    if (operator && parts.length) this.problems.push({ code: "operator", operator: "AND" });
    return parts.length ? group("and", parts) : null;
  }

  one(field) {
    if (this.skip("not")) {
      if (this.at >= this.tokens.length || ["or", "and", ")"].some((kind) => this.is(kind))) {
        this.problems.push({ code: "operator", operator: "NOT" });
        return null;
      }
      const part = this.one(field);
      return part && { op: "not", part };
    }
    if (this.skip("(")) {
      const part = this.any(field);
      this.at += 1;
      return part;
    }
    const token = this.tokens[this.at];
    this.at += 1;
    if (token.kind !== "field") return this.leaf(token, field);
    this.plain = false;
    if (this.at >= this.tokens.length || ["or", "and", ")"].some((kind) => this.is(kind))) {
      this.problems.push({ code: "empty", field: `${token.name}:` });
      return null;
    }
    return this.one(token.name);
  }

  leaf({ kind, text }, field) {
    if (kind === "phrase") this.plain = false;
    if (field === "year") return this.years(text);
    if (FACETS[field]) return { op: "value", facet: FACETS[field], text };
    const name = FIELDS[field] ?? "";
    if (name === "id") return { op: "word", text: identifier(text) || identifier(`${field}:${text}`) || text, field: name };
    return { op: kind, text, field: name };
  }

  years(text) {
    const match = /^(-?\d{1,6})?(\.\.|–)?(-?\d{1,6})?$/.exec(text);
    if (!match || (!match[1] && !match[3])) {
      this.problems.push({ code: "year", text });
      return null;
    }
    const [from, to] = [match[1], match[3]].map((year) => (year ? Number(year) : null));
    if (!match[2]) return { op: "years", from, to: from };
    return from !== null && to !== null && from > to ? { op: "years", from: to, to: from } : { op: "years", from, to };
  }
}

// tree: null = there is nothing to look for. plain: nothing but words. noFields: see tokens(); their words are in the
// tree as they are.
export function parse(text) {
  const problems = [];
  const noFields = [];
  const reader = new Reader(tokens(text.normalize("NFC"), problems, noFields), problems);
  const tree = reader.any("");
  const codes = new Set();
  const once = problems.filter((problem) => !codes.has(JSON.stringify(problem)) && codes.add(JSON.stringify(problem)));
  return { tree, plain: reader.plain, problems: once, noFields };
}

// The words to mark in the results: those that are not ruled out.
export function wanted(tree) {
  switch (tree?.op) {
    case "and": case "or": return tree.parts.flatMap(wanted);
    case "word": return tree.field === "id" ? [] : [tree.text];
    default: return [];
  }
}
