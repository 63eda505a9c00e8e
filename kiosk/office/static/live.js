// The entry stream: newest first, filtered, paused at will, with what became of each grant.

import { followEvents } from "../shared/stream.js";
import { fetchPage } from "./session.js";
import { localTime } from "./times.js";

const { language } = document.documentElement.dataset;
const part = (name) => document.querySelector(`[data-part="${name}"]`);
const labels = part("labels").dataset;
const rowsMax = Number(labels.rowsMax);
const LOOK_MS = 3_000;
const template = document.getElementById("row");
const body = part("rows");

const rows = new Map(); // journal:seq → row
const waiting = []; // lines that came while paused
let last = null;
let paused = false;
let settled = false;
let look = 0;

function receive(entry, id) {
  last = id;
  if (paused) {
    waiting.push(entry);
    waiting.splice(0, waiting.length - rowsMax);
    showPause();
  } else {
    show(entry);
  }
}

function show(entry) {
  if (entry.kind === "passage") {
    showPassage(entry);
  } else if (!rows.has(entry.key)) {
    const row = makeRow(entry);
    rows.set(entry.key, row);
    body.prepend(row);
    while (body.rows.length > rowsMax) {
      const oldest = body.rows[body.rows.length - 1];
      rows.delete(oldest.dataset.key);
      oldest.remove();
    }
  }
  showEmpty();
}

function makeRow(entry) {
  const row = template.content.firstElementChild.cloneNode(true);
  const outcome = entry.outcome || "notice";
  const find = (selector) => row.querySelector(selector);
  row.dataset.key = entry.key;
  row.dataset.show = outcome === "attention" ? "granted" : outcome;
  row.classList.add(outcome);
  row.classList.toggle("fresh", settled);
  find("time").dateTime = entry.at;
  find("time").title = entry.at;
  find("time").textContent = localTime(entry.at);
  find("svg").setAttribute("aria-label", labels[outcome]);
  find("use").setAttribute("href", `#icon-${outcome}`);
  find(".result-text").textContent = entry.text[language];
  find("code").textContent = entry.reason ?? "";
  find(".name").textContent = entry.name || (entry.kind === "decision" ? labels.unknownMember : "");
  find(".number").textContent = entry.member_no ?? "";
  if (entry.photo) {
    find(".face").src = entry.photo;
    find(".face").hidden = false;
  }
  find(".place").textContent = entry.place ?? "";
  find(".device").textContent = entry.device;
  row.hidden = !fits(row);
  return row;
}

function showPassage(entry) {
  const cell = rows.get(entry.of)?.querySelector(".passage");
  if (cell) {
    cell.textContent = entry.taken ? labels.taken : labels.notTaken;
  }
}

function wanted() {
  return document.querySelector("[name=show]:checked").value;
}

function fits(row) {
  return wanted() === "all" || row.dataset.show === wanted();
}

function filter() {
  for (const row of body.rows) {
    row.hidden = !fits(row);
  }
  showEmpty();
}

function showEmpty() {
  part("empty").hidden = [...body.rows].some((row) => !row.hidden);
}

function showPause() {
  part("pause").setAttribute("aria-pressed", String(paused));
  part("pause").textContent = paused ? labels.resume.replace("{n}", waiting.length) : labels.pause;
}

part("pause").addEventListener("click", () => {
  paused = !paused;
  if (!paused) {
    waiting.splice(0).forEach(show);
  }
  showPause();
});
for (const choice of document.querySelectorAll("[name=show]")) {
  choice.addEventListener("change", filter);
}

// A stream that is refused does not say why: as long as there is none, see whether the session is over.
async function lookForSession() {
  look = setTimeout(lookForSession, LOOK_MS);
  try {
    await fetchPage("/");
  } catch {
    // The office is away: until it is back, nobody knows.
  }
}

followEvents(
  () => (last === null ? labels.events : `${labels.events}?after=${last}`),
  { entry: receive },
  (up) => {
    part("link").dataset.up = up ? "yes" : "no";
    part("link").querySelector("use").setAttribute("href", up ? "#icon-online" : "#icon-offline");
    part("link").querySelector("span").textContent = up ? labels.connected : labels.disconnected;
    clearTimeout(look);
    if (!up) {
      look = setTimeout(lookForSession, 0);
    }
  },
);
// What was there before the page was opened is not news.
setTimeout(() => (settled = true), 1500);
