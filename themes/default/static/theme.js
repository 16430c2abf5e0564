// Light or dark, copy and save buttons. Every page works without it.
"use strict";
(() => {
  const root = document.documentElement;
  const language = `${root.lang}-u-nu-latn`; // the digits of the rest of the page
  const store = {
    get: () => { try { return localStorage.getItem("zstatic-mode"); } catch { return null; } },
    set: (mode) => { try { localStorage.setItem("zstatic-mode", mode); } catch { /* private window */ } },
  };
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.mode ? root.dataset.mode === "dark" : system.matches);

  // Runs before the body is there, so that the page never flashes in the wrong colours.
  const chosen = store.get();
  if (chosen === "light" || chosen === "dark") root.dataset.mode = chosen;

  function modeButton(button) {
    const show = () => button.setAttribute("aria-pressed", String(isDark()));
    show();
    button.hidden = false;
    button.addEventListener("click", () => {
      root.dataset.mode = isDark() ? "light" : "dark";
      store.set(root.dataset.mode);
      show();
    });
    system.addEventListener("change", show);
  }

  // what: which of the texts that stand on the element.
  function say(what) {
    const said = document.getElementById("said");
    if (said) said.textContent = said.dataset[what] ?? "";
  }

  async function copy(element) {
    const text = element.innerText.trim();
    const rich = element.tagName !== "PRE" && window.ClipboardItem;
    try {
      if (rich) {
        await navigator.clipboard.write([new ClipboardItem({
          "text/plain": new Blob([text], { type: "text/plain" }),
          "text/html": new Blob([element.innerHTML], { type: "text/html" }),
        })]);
      } else {
        await navigator.clipboard.writeText(text);
      }
      return true;
    } catch {
      // No permission, or no https: select it, so that the keyboard can copy it.
      const range = document.createRange();
      range.selectNodeContents(element);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      return false;
    }
  }

  function copyButton(button) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const done = await copy(document.getElementById(button.dataset.copy));
      say(done ? "copied" : "selected");
      if (!done) return;
      button.classList.add("done");
      setTimeout(() => { button.classList.remove("done"); say(""); }, 2000);
    });
  }

  function saveButton(button) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const text = document.getElementById(button.dataset.save).textContent;
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text + "\n"], { type: button.dataset.type }));
      link.download = button.dataset.name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }

  // Not in the page itself, or each sync would rewrite the site.
  async function showFreshness(line) {
    try {
      const { when } = await (await fetch(line.dataset.lastSync)).json();
      const minutes = (new Date(when) - Date.now()) / 60000;
      if (!(minutes <= 0)) return;
      const [unit, size] = [["day", 1440], ["hour", 60], ["minute", 1]].find(([, size]) => -minutes >= size) || ["minute", 1];
      const time = document.createElement("time");
      time.dateTime = when;
      time.title = new Date(when).toLocaleString(language);
      time.textContent = new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(Math.ceil(minutes / size), unit);
      line.querySelector("span").replaceChildren(time);
      line.hidden = false;
    } catch { /* a page can do without */ }
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-last-sync]").forEach(showFreshness);
    document.querySelectorAll("[data-toggle-mode]").forEach(modeButton);
    document.querySelectorAll("[data-copy]").forEach(copyButton);
    document.querySelectorAll("[data-save]").forEach(saveButton);
  });
})();
