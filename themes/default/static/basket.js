// The reader's basket: items put aside while searching and browsing. It stays in this browser, one for each site.
// Below, what an item's page does with it; one file for both, so that the page needs one request less.

const name = (root) => `zstatic-basket ${new URL(root, document.baseURI).pathname}`;

export class Basket {
  // root: of the site, from this page. change: called when it changes, here or in another window.
  constructor(root, change = () => {}) {
    this.name = name(root);
    this.change = change;
    addEventListener("storage", ({ key }) => { if (key === this.name) change(); });
    addEventListener("pageshow", ({ persisted }) => { if (persisted) change(); });
  }

  get keys() {
    try {
      const keys = JSON.parse(localStorage.getItem(this.name) ?? "[]");
      return Array.isArray(keys) ? keys.filter((key) => typeof key === "string") : [];
    } catch { return []; }
  }

  set keys(keys) {
    try {
      if (keys.length) localStorage.setItem(this.name, JSON.stringify(keys));
      else localStorage.removeItem(this.name);
    } catch { /* a private window */ }
    this.change();
  }

  has(key) { return this.keys.includes(key); }

  toggle(key) { this.keys = this.has(key) ? this.keys.filter((each) => each !== key) : [...this.keys, key]; }
}

const LONG = 2000; // characters

// How an address says a list of items: {search, hash}, one of them "". Web hosts refuse long addresses; what follows "#" is
// not sent to them.
export function listPart(keys) {
  const list = keys.join(",");
  return list.length > LONG ? { search: "", hash: `#keys=${list}` } : { search: list, hash: "" };
}

export const listIn = (search, hash) => (search || (/^#keys=(.+)$/.exec(hash)?.[1] ?? "")).split(",").filter(Boolean);

// Whether programs other than browsers may cut an address.
export const isLong = (address) => address.length > LONG;

// The search page's address of a list of items.
export function listAddress(root, keys) {
  const { search, hash } = listPart(keys);
  return `${root}search/${search && `?keys=${search}`}${hash}`;
}

// The way back to the results that the item was found in, and on to the next of them.
function showResults(bar) {
  const here = new URL("./", location.href).pathname;
  let found;
  try { found = JSON.parse(sessionStorage.getItem("zstatic-results")); } catch { return; }
  const place = found?.paths?.indexOf(here) ?? -1;
  if (place < 0) return;
  const show = (name, href) => {
    const link = bar.querySelector(`[data-to=${name}]`);
    link.hidden = !href;
    link.href = href || "./";
  };
  show("results", found.address);
  show("previous", found.paths[place - 1] ?? (found.first > 1 ? found.previous : ""));
  show("next", found.paths[place + 1] ?? found.next);
  const count = (n) => n.toLocaleString(`${document.documentElement.lang}-u-nu-latn`);
  const text = bar.querySelector("[data-place]");
  text.textContent = text.dataset.place.replace("{n}", count(found.first + place)).replace("{count}", count(found.count));
  bar.hidden = false;
}

function showBasket(line, root) {
  // A theme may leave it out.
  if (!line) return;
  const [button, link] = [line.querySelector("button"), line.querySelector("a")];
  const store = new Basket(root, show);
  function show() {
    const { keys } = store;
    button.setAttribute("aria-pressed", String(store.has(line.dataset.key)));
    link.hidden = !keys.length;
    link.href = listAddress(root, keys);
    link.querySelector("span").textContent = keys.length;
  }
  button.addEventListener("click", () => store.toggle(line.dataset.key));
  show();
  line.hidden = false;
}

const bar = document.getElementById("from-search");
if (bar) {
  showResults(bar);
  showBasket(document.getElementById("item-basket"), bar.dataset.root);
}
