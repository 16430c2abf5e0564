// The reader's basket: items put aside while searching and browsing. It stays in this browser, one for each site.

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

// The search page's address of a list of items.
export const listAddress = (root, keys) => `${root}search/?${new URLSearchParams({ keys: keys.join(",") })}`.replaceAll("%2C", ",").replaceAll("%2F", "/");
