// Brings a part of the page up to date every few seconds, while somebody looks.

import { showTimes } from "./times.js";

const part = document.querySelector("[data-refresh-s]");

async function refresh() {
  if (!document.hidden) {
    try {
      const response = await fetch(location.href, { redirect: "error" });
      if (response.ok) {
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        const fresh = page.querySelector("[data-refresh-s]");
        showTimes(fresh);
        part.replaceChildren(...fresh.childNodes);
      }
    } catch {
      // Away for a moment: what is shown stays until the next try.
    }
  }
  setTimeout(refresh, Number(part.dataset.refreshS) * 1000);
}

setTimeout(refresh, Number(part.dataset.refreshS) * 1000);
