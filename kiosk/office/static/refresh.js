// Brings a part of the page up to date every few seconds, while somebody looks.

import { fetchPage } from "./session.js";
import { showTimes } from "./times.js";

const part = document.querySelector("[data-refresh-s]");
const link = document.querySelector('[data-part="link"]');

async function bringUpToDate() {
  const response = await fetchPage(location.href);
  if (!response?.ok) {
    throw new Error("no page to show");
  }
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.querySelector("[data-refresh-s]");
  showTimes(fresh);
  part.replaceChildren(...fresh.childNodes);
}

async function refresh() {
  if (!document.hidden) {
    try {
      await bringUpToDate();
      link.hidden = true;
    } catch {
      // What is shown stays until the next try, but nobody should take it for new.
      link.hidden = false;
    }
  }
  setTimeout(refresh, Number(part.dataset.refreshS) * 1000);
}

setTimeout(refresh, Number(part.dataset.refreshS) * 1000);
