// The years of what is found, as a picture. Loaded with the first results.

const BARS = 32;
const SPANS = [1, 2, 5, 10, 20, 50, 100, 500, 1000];
const SVG = "http://www.w3.org/2000/svg";

function svg(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

// Bars over the years that hold all but the oldest 5 %: a few early works would leave most of the picture empty.
// picture: the element to draw into. found: [year, number] in order. from, to: chosen, if any. choose(low, high): a bar was clicked.
export function drawBars(picture, found, [from, to], number, choose) {
  picture.replaceChildren();
  picture.toggleAttribute("hidden", found.length < 2);
  if (found.length < 2) return;
  let before = found.reduce((sum, [, n]) => sum + n, 0) / 20;
  const first = found.find(([, n]) => (before -= n) < 0)[0];
  const last = found.at(-1)[0];
  const span = SPANS.find((years) => Math.floor(last / years) - Math.floor(first / years) < BARS) ?? SPANS.at(-1);
  const start = Math.floor(first / span);
  const bins = new Array(Math.floor(last / span) - start + 1).fill(0);
  for (const [year, n] of found) if (year >= first) bins[Math.floor(year / span) - start] += n;
  const highest = Math.max(...bins);
  const width = 100 / bins.length;
  bins.forEach((n, place) => {
    const [low, high] = [(start + place) * span, (start + place + 1) * span - 1];
    const height = n ? Math.max(3, (n / highest) * 100) : 0;
    const inside = (from || to) && (!from || high >= +from) && (!to || low <= +to);
    const bar = svg("g", { class: inside ? "inside" : "" });
    const title = svg("title", {});
    title.textContent = `${low === high ? low : `${low}–${high}`}: ${number(n)}`;
    bar.append(title, svg("rect", { class: "hit", x: place * width, width, y: 0, height: 100 }));
    bar.append(svg("rect", { class: "column", x: place * width + width * 0.08, width: width * 0.84, y: 100 - height, height }));
    bar.addEventListener("click", () => choose(low, high));
    picture.append(bar);
  });
}
