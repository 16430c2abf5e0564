// <zstatic-list src="…/collections/KEY/"><a href="…">Name</a></zstatic-list> shows the newest items of that list in the
// style of the page around it; what is inside stays where they cannot be had.
"use strict";
customElements.get("zstatic-list") || (() => {
  const STYLE = `:host { display: block }
    ol { list-style: none; margin: 0; padding: 0 } li { margin-block-end: .75em } p { margin: 0 }
    [part=by] { font-size: .92em } a { color: var(--link, LinkText) } a:hover { text-decoration-thickness: .12em }`;
  const PARTS = { OL: "list", LI: "entry", P: "by" };
  const KEPT = /^(OL|LI|P|A|BDI|CITE|SPAN|I|B|SUB|SUP)$/;

  // Not innerHTML: only text, these elements and links come over from the other site.
  function copy(node, base) {
    if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.data);
    if (node.nodeType !== Node.ELEMENT_NODE || !KEPT.test(node.tagName)) return "";
    const made = document.createElement(node.tagName);
    for (const name of ["lang", "dir"]) {
      if (node.hasAttribute(name)) made.setAttribute(name, node.getAttribute(name));
    }
    if (node.tagName === "A") {
      const url = new URL(node.getAttribute("href"), base);
      if (/^https?:$/.test(url.protocol)) made.href = url;
    }
    const part = node.tagName === "A" && node.parentNode.tagName === "LI" ? "title" : PARTS[node.tagName];
    if (part) made.part = node.className === "more" ? "more" : part;
    made.append(...[...node.childNodes].map((child) => copy(child, base)));
    return made;
  }

  customElements.define("zstatic-list", class extends HTMLElement {
    async connectedCallback() {
      if (this.shadowRoot) return;
      const shadow = this.attachShadow({ mode: "open" });
      shadow.append(document.createElement("slot"));
      try {
        const page = new URL(this.getAttribute("src"), document.baseURI);
        if (!page.pathname.endsWith("/")) page.pathname += "/";
        const response = await fetch(new URL("embed/", page), { credentials: "omit" });
        if (!response.ok) return;
        const found = new DOMParser().parseFromString(await response.text(), "text/html");
        const list = found.querySelector("[data-list]");
        const limit = Number(this.getAttribute("count")) || Infinity;
        [...list.querySelectorAll("li")].slice(limit).forEach((entry) => entry.remove());
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(STYLE);
        shadow.adoptedStyleSheets = [sheet];
        const language = found.documentElement;
        const box = document.createElement("div");
        box.lang = language.lang;
        box.dir = language.dir;
        // The page's rules for links do not reach into the shadow.
        const link = this.querySelector("a");
        if (link) box.style.setProperty("--link", getComputedStyle(link).color);
        box.append(...[...list.children].map((child) => copy(child, response.url)));
        shadow.replaceChildren(box);
      } catch { /* no connection, or not for others to read: the link remains */ }
    }
  });
})();
