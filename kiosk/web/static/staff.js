// What the scripts of staff's pages share: parts by name, texts in the page's language, and asking the box.

import { LANGUAGES, text } from "./texts.js";

export const [LANGUAGE] = LANGUAGES;
export const part = (name) => document.querySelector(`[data-part="${name}"]`);
export const say = (key, values) => text(key, () => values ?? {})[LANGUAGE];

export function element(tag, className, content) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = content;
  return made;
}

export function fill(name, content) {
  part(name).textContent = content;
}

export function fillOrHide(name, content) {
  fill(name, content);
  part(name).hidden = !content;
}

/** Post JSON; raises where nobody answers. */
export async function post(path, said) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(said),
  });
  return { ok: response.ok, status: response.status, answer: await response.json() };
}
