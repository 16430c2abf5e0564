// Facets: what the items found have in common, with counts, and what of it the reader has chosen.
// Choices are {facet name: {any: [slug], not: [slug]}}; a slug of years may be a range, "1990..2000".

import { bareWords } from "./search-query.js";

const MANY = 20; // values from which on a facet has a field to find them by
const MORE = 50; // values more at a click

// The first and the last year of "1990..2000" or "2000..1990", either of them perhaps undefined; null for anything else.
function yearRange(slug) {
  const range = /^(-?\d+)?\.\.(-?\d+)?$/.exec(slug);
  if (!range) return null;
  const [, from, to] = range;
  return from && to && +from > +to ? [to, from] : [from, to];
}

// A column of the index: the values of one facet, and which of them each row has.
export class Facet {
  constructor(name, { labels, slugs, rows, parents }) {
    this.name = name;
    this.labels = labels;
    this.slugs = labels.map((label, place) => slugs[place] ?? label.toLowerCase().replaceAll(" ", "-"));
    this.parents = parents;
    this.starts = new Uint32Array(rows.length + 1);
    const values = [];
    rows.forEach((row, number) => {
      if (typeof row === "number" && !parents) values.push(row);
      else for (const place of this.withParents([row].flat())) values.push(place);
      this.starts[number + 1] = values.length;
    });
    this.values = Uint32Array.from(values);
  }

  // A collection has what its subcollections have.
  withParents(places) {
    if (!this.parents) return places;
    const all = new Set();
    for (let place of places) for (; place >= 0 && !all.has(place); place = this.parents[place]) all.add(place);
    return all;
  }

  row(number) { return this.values.subarray(this.starts[number], this.starts[number + 1]); }

  // Which values are chosen: a mask by place.
  mask(slugs) {
    const chosen = new Set(slugs);
    const ranges = this.name === "year" ? slugs.map(yearRange).filter(Boolean) : [];
    const isInside = (slug) => ranges.some(([from, to]) => slug !== "undated" && (!from || +slug >= +from) && (!to || +slug <= +to));
    return Uint8Array.from(this.slugs, (slug) => chosen.has(slug) || isInside(slug));
  }
}

export const isChosen = ({ any = [], not = [] } = {}) => any.length + not.length > 0;

// The rows that pass all choices, and how many items each value would have: those that pass the choices of the
// other facets, since the values of one are alternatives.
export function tally(scores, choices, facets) {
  const active = Object.entries(choices).filter(([name, choice]) => isChosen(choice) && facets[name]).map(([name, { any, not }]) => (
    { facet: facets[name], any: any.length ? facets[name].mask(any) : null, not: not.length ? facets[name].mask(not) : null }
  ));
  const counts = Object.fromEntries(Object.entries(facets).map(([name, facet]) => [name, new Uint32Array(facet.labels.length)]));
  const rows = [];
  const count = (facet, row) => { for (const place of facet.row(row)) counts[facet.name][place] += 1; };
  next: for (let row = 0; row < scores.length; row += 1) {
    if (!scores[row]) continue;
    let missed = null;
    for (const { facet, any, not } of active) {
      const values = facet.row(row);
      if (not && values.some((place) => not[place])) continue next;
      if (any && !values.some((place) => any[place])) {
        if (missed) continue next;
        missed = facet;
      }
    }
    if (missed) count(missed, row);
    else {
      rows.push(row);
      for (const facet of Object.values(facets)) count(facet, row);
    }
  }
  return { rows, counts };
}

// The panel -----------------------------------------------------------------------------------------------------------

export class Panel {
  // change(choices): the reader chose. need(name): a facet was opened whose values are not there yet.
  constructor(root, say, { fill, number, change, need }) {
    Object.assign(this, { root, say, fill, number, change, need });
    this.choices = {};
    this.facets = {};
    this.counts = {};
    this.boxes = new Map([...root.querySelectorAll("[data-facet]")].map((element) => [element.dataset.facet, new Box(this, element)]));
    this.languages = new Intl.DisplayNames([say.language], { type: "language" });
  }

  names() { return [...this.boxes.keys()]; }

  isOpen(name) { return this.boxes.get(name)?.element.open; }

  // A facet whose values are many bytes waits until it is opened.
  foldOnce(name) {
    const box = this.boxes.get(name);
    if (!box.folded) box.element.open = false;
    box.folded = true;
  }

  title(name) { return this.boxes.get(name)?.title ?? name; }

  // What a reader calls a value.
  label(name, slug) {
    const range = name === "year" && yearRange(slug);
    if (range) return range.join("–");
    const facet = this.facets[name];
    const place = facet ? facet.slugs.indexOf(slug) : -1;
    return place < 0 ? slug : this.labelAt(facet, place);
  }

  labelAt(facet, place) {
    const label = facet.labels[place];
    if (facet.name !== "language" || !/^[a-z]{2,3}$/.test(label)) return label;
    try { return this.languages.of(label) ?? label; } catch { return label; }
  }

  toggle(name, list, slug) {
    const { any, not } = { any: [], not: [], ...this.choices[name] };
    const without = (slugs) => slugs.filter((each) => each !== slug);
    const had = (list === "any" ? any : not).includes(slug);
    const next = { any: without(any), not: without(not) };
    if (!had) next[list].push(slug);
    this.change({ ...this.choices, [name]: next });
  }

  setYears(from, to) {
    const { any = [], not = [] } = this.choices.year ?? {};
    const others = any.filter((slug) => !yearRange(slug));
    this.change({ ...this.choices, year: { any: from || to ? [...others, `${from}..${to}`] : others, not } });
  }

  update(facets, choices, counts) {
    Object.assign(this, { facets, choices, counts });
    for (const box of this.boxes.values()) box.update();
  }
}

// One facet in the panel.
class Box {
  constructor(panel, element) {
    this.panel = panel;
    this.element = element;
    this.name = element.dataset.facet;
    this.title = element.dataset.title;
    this.shown = Number(element.dataset.limit);
    this.list = element.querySelector("ul");
    this.more = element.querySelector(".facet-more");
    this.search = element.querySelector(".facet-find");
    this.years = element.querySelector(".facet-years");
    this.items = new Map();
    this.expanded = new Set();
    element.addEventListener("toggle", () => { if (element.open) panel.need(this.name); });
    this.more.addEventListener("click", () => {
      this.shown += MORE;
      const before = this.list.children.length;
      this.draw();
      this.list.children[before]?.querySelector("input").focus();
    });
    this.search.querySelector("input").addEventListener("input", () => this.draw());
    this.search.querySelector("input").addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !event.target.value) return;
      event.stopPropagation();
      event.target.value = "";
      this.draw();
    });
    this.years?.addEventListener("change", () => {
      const [from, to] = this.yearFields();
      if (from.value && to.value && +from.value > +to.value) [from.value, to.value] = [to.value, from.value];
      panel.setYears(from.value, to.value);
    });
  }

  get facet() { return this.panel.facets[this.name]; }

  get counts() { return this.panel.counts[this.name]; }

  yearFields() { return [...this.years.querySelectorAll("input")]; }

  update() {
    const { any = [], not = [] } = this.panel.choices[this.name] ?? {};
    this.any = new Set(any);
    this.not = new Set(not);
    if (!this.facet) return;
    // What has the focus stays where it is: only the numbers change around it.
    if (this.list.contains(document.activeElement)) for (const [place, item] of this.items) this.refresh(item, place);
    else this.draw();
    if (this.years) this.drawYears();
  }

  // The places to show, in order, and how many more there are.
  places() {
    const { facet, counts } = this;
    const all = facet.labels.map((label, place) => place);
    const isKept = (place) => this.any.has(facet.slugs[place]) || this.not.has(facet.slugs[place]);
    const isThere = (place) => counts[place] || isKept(place);
    if (this.years) return { places: all.filter((place) => facet.slugs[place] === "undated" && isThere(place)), more: 0 };
    const typed = bareWords(this.search.querySelector("input").value);
    let places = all.filter(isThere);
    this.search.hidden = !typed.length && places.length < MANY;
    if (typed.length) {
      this.folded ??= facet.labels.map((label, place) => ` ${bareWords(this.panel.labelAt(facet, place)).join(" ")}`);
      places = places.filter((place) => typed.every((word) => this.folded[place].includes(` ${word}`)));
    } else if (facet.parents) {
      const isVisible = (place) => { const parent = facet.parents[place]; return parent < 0 || (this.isExpanded(parent) && isVisible(parent)); };
      return { places: places.filter((place) => isVisible(place) || isKept(place)), more: 0 };
    }
    if (this.element.dataset.order === "count" && !facet.parents) places.sort((one, other) => isKept(other) - isKept(one) || counts[other] - counts[one] || one - other);
    return { places: places.slice(0, this.shown), more: Math.max(0, places.length - this.shown) };
  }

  isExpanded(place) { return this.expanded.has(place); }

  draw() {
    if (!this.facet) return;
    const { places, more } = this.places();
    const focused = document.activeElement;
    this.items = new Map(places.map((place) => [place, this.items.get(place) ?? this.make(place)]));
    for (const [place, item] of this.items) this.refresh(item, place);
    this.list.replaceChildren(...this.items.values());
    if (focused !== document.activeElement && this.list.contains(focused)) focused.focus();
    this.more.hidden = !more;
    this.more.textContent = this.panel.fill(this.panel.say.more, { n: this.panel.number(Math.min(more, MORE)) });
    this.element.hidden = !places.length && !this.years && !this.search.querySelector("input").value;
  }

  make(place) {
    const { facet, panel } = this;
    const item = document.getElementById("search-value").content.firstElementChild.cloneNode(true);
    const label = panel.labelAt(facet, place);
    const slug = facet.slugs[place];
    item.querySelector("[data-slot=label]").textContent = label;
    const box = item.querySelector("input");
    box.addEventListener("change", () => panel.toggle(this.name, "any", slug));
    const exclude = item.querySelector(".exclude");
    exclude.title = panel.fill(panel.say.exclude, { label });
    exclude.setAttribute("aria-label", exclude.title);
    exclude.addEventListener("click", () => panel.toggle(this.name, "not", slug));
    if (facet.parents) this.makeBranch(item, place, label);
    return item;
  }

  makeBranch(item, place, label) {
    const { facet, panel } = this;
    let depth = 0;
    for (let above = facet.parents[place]; above >= 0; above = facet.parents[above]) depth += 1;
    item.dataset.depth = Math.min(depth, 5);
    const open = item.querySelector(".branch");
    open.hidden = !facet.parents.includes(place);
    item.classList.add("in-tree");
    open.setAttribute("aria-label", panel.fill(panel.say.branch, { label }));
    open.addEventListener("click", () => {
      if (!this.expanded.delete(place)) this.expanded.add(place);
      this.draw();
    });
  }

  refresh(item, place) {
    const slug = this.facet.slugs[place];
    const excluded = this.not.has(slug);
    item.querySelector("input").checked = this.any.has(slug);
    item.querySelector(".count").textContent = excluded ? "" : this.panel.number(this.counts[place]);
    item.querySelector(".exclude").setAttribute("aria-pressed", String(excluded));
    item.querySelector(".branch").setAttribute("aria-expanded", String(this.isExpanded(place)));
    item.classList.toggle("excluded", excluded);
    item.classList.toggle("nothing", !excluded && !this.counts[place]);
  }

  drawYears() {
    const { facet, counts } = this;
    const found = facet.slugs.map((slug, place) => [Number(slug), counts[place]]).filter(([year, n]) => n && !Number.isNaN(year));
    found.sort(([one], [other]) => one - other);
    const range = [...this.any].map(yearRange).find(Boolean) ?? [];
    this.yearFields().forEach((field, place) => {
      if (field !== document.activeElement) field.value = range[place] ?? "";
      field.placeholder = found.length ? found.at(place && -1)[0] : "";
    });
    const choose = (low, high) => this.panel.setYears(String(low), String(high));
    import("./search-bars.js").then(({ drawBars }) => drawBars(this.years.querySelector("svg"), found, range, this.panel.number, choose)).catch((error) => console.error(error));
  }
}
