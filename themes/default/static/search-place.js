// Where the reader leaves the results, for the way back from an item and on to the next, which basket.js shows.

const NAME = "zstatic-results";
const linksIn = (list) => [...list.querySelectorAll(".entry-title")];
const pathOf = ({ href }) => new URL(href).pathname;

// list: the results. entry: that of the item that is opened. others: {count, previous, next}.
export function remember(list, entry, others) {
  const here = {
    address: location.href,
    paths: linksIn(list).map(pathOf),
    first: list.start,
    ...others,
    path: pathOf(linksIn(entry)[0]),
    top: entry.getBoundingClientRect().top,
  };
  try { sessionStorage.setItem(NAME, JSON.stringify(here)); } catch { /* a private window */ }
}

// Who comes back from an item finds the results as they were, and its own in focus.
export function returnTo(list) {
  const left = whereLeft();
  const link = left && linksIn(list).find((each) => pathOf(each) === left.path);
  if (!link) return;
  link.focus({ preventScroll: true });
  const entry = link.closest(".entry");
  if (left.top === null) entry.scrollIntoView({ block: "center" });
  else scrollBy({ top: entry.getBoundingClientRect().top - left.top, behavior: "instant" });
}

// {path, top}, top null for another item than was opened from here; null: nobody comes back.
function whereLeft() {
  let here;
  try { here = JSON.parse(sessionStorage.getItem(NAME)); } catch { return null; }
  if (here?.address !== location.href) return null;
  const way = performance.getEntriesByType("navigation")[0]?.type;
  if (way === "back_forward") return here;
  const path = document.referrer && new URL(document.referrer).pathname;
  if (way !== "navigate" || !here.paths.includes(path)) return null;
  return { path, top: path === here.path ? here.top : null };
}
