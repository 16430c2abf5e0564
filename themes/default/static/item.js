// On an item's page: the way back to the results it was found in and on to the next of them; the basket.

import { Basket, listAddress } from "./basket.js";

const bar = document.getElementById("from-search");
const { root } = bar.dataset;
const here = new URL("./", location.href).pathname;

function fromSearch() {
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

function basket() {
  const line = document.getElementById("item-basket");
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

fromSearch();
basket();
