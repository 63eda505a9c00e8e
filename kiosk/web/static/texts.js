// Texts in both languages, the page's own language first.

const page = document.documentElement.dataset;
export const LANGUAGES = page.language === "en" ? ["en", "zh"] : ["zh", "en"];
const HTML_LANG = { zh: "zh-CN", en: "en" };

const table = JSON.parse(document.getElementById("texts").textContent);

/** The text `key` in both languages, `{…}` filled in by a function of the language. */
export function text(key, values = () => ({})) {
  return Object.fromEntries(LANGUAGES.map((language) => [language, fill(table[key][language], values(language))]));
}

/** Show a text as two spans, the second left out where it says the same. */
export function show(element, both) {
  const spans = LANGUAGES.map((language, place) => {
    const span = document.createElement("span");
    span.lang = HTML_LANG[language];
    span.className = place === 0 ? "first" : "second";
    span.textContent = both[language] ?? "";
    return span;
  });
  const [first, second] = spans;
  element.replaceChildren(...(first.textContent === second.textContent || !second.textContent ? [first] : spans));
}

/** A length of time in words, in one language. */
export function age(seconds, language) {
  const units = [["days", 86400], ["hours", 3600], ["minutes", 60], ["seconds", 1]];
  const [unit, size] = units.find(([, each]) => seconds >= 2 * each) ?? units[3];
  return fill(table[unit][language], { n: Math.floor(seconds / size) });
}

/** A UTC time as the venue's clock shows it: HH:MM, with the date where it is not today. */
export function localTime(utc) {
  const moment = new Date(utc);
  const two = (number) => String(number).padStart(2, "0");
  const clock = `${two(moment.getHours())}:${two(moment.getMinutes())}`;
  if (moment.toDateString() === new Date().toDateString()) {
    return clock;
  }
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())} ${clock}`;
}

function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}
