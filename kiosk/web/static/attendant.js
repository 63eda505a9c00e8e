// The attendant's view: taps as they come, a release with its reason, who is inside, and the emergency.

import { followEvents } from "../shared/stream.js";
import { LANGUAGE, element, fill, fillOrHide, part, post, say } from "./staff.js";
import { localTime } from "./texts.js";

const TAPS_MAX = 50;
const MOODS = {
  normal: ["att_is_normal", "granted"],
  lockdown: ["att_is_lockdown", "attention"],
  drill: ["att_is_drill", "attention"],
  emergency: ["att_is_emergency", "attention"],
  lost: ["att_is_lost", "denied"],
};

const body = document.body;
const { point, start } = body.dataset;

let state = { mood: "lost", inside: null };
let [linked, known] = [false, false];
let shownArea = "";
let wanted = "";

function icon(name) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  made.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#icon-${name}`);
  made.append(use);
  return made;
}

function clock(utc) {
  return utc ? new Date(utc).toTimeString().slice(0, 8) : "";
}

// ---- taps

function showTap(tap) {
  const item = element("li", `tap ${tap.outcome}`, "");
  item.dataset.outcome = tap.outcome;
  const photo = element("span", "tap-photo", tap.initial || "·");
  const words = element("div", "tap-words", "");
  const byHand = Boolean(tap.released[LANGUAGE]);
  const name = tap.greeting || (byHand ? "" : say("att_no_name"));
  const who = [name, tap.tier[LANGUAGE]].filter(Boolean).join(" · ");
  words.append(element("strong", "", tap.title[LANGUAGE]), element("span", "tap-who", who));
  words.append(element("span", "tap-explained", tap.released[LANGUAGE] || tap.explained[LANGUAGE]));
  for (const note of tap.notes) {
    words.append(element("span", "tap-note", note[LANGUAGE]));
  }
  const edge = element("div", "tap-edge", "");
  edge.append(element("time", "", clock(tap.at)));
  if (tap.seq) {
    edge.append(element("span", "", say("att_record", { n: tap.seq })));
  }
  edge.append(element("span", "tap-passed", ""));
  item.append(icon(tap.outcome), photo, words, edge);
  if (known && tap.seq && !byHand) {
    showPhoto(photo, tap.seq);
  }
  if (!known) {
    // Of what was before, whether anybody went through is past: the next passage is not its.
    item.dataset.passed = "unknown";
  }
  part("taps").prepend(item);
  part("no-taps").hidden = true;
  while (part("taps").children.length > TAPS_MAX) {
    part("taps").lastChild.remove();
  }
}

/** Put the photo in the place of the letter, where central has one. Of those who tap now alone: each look is noted. */
function showPhoto(place, seq) {
  const image = new Image();
  image.alt = say("att_photo");
  image.addEventListener("load", () => place.replaceChildren(image));
  image.src = `/attendant/${point}/photo/${seq}`;
}

function showPassage(passage) {
  // Passages come in the order of their grants: the oldest that still waits is meant.
  const waiting = [...part("taps").querySelectorAll('li:not([data-outcome="denied"]):not([data-passed])')].at(-1);
  if (waiting) {
    waiting.dataset.passed = String(passage.taken);
    waiting.querySelector(".tap-passed").textContent = say(passage.taken ? "att_passed" : "att_not_passed");
  }
}

// ---- how the gate stands

function showState(now) {
  [state, known] = [now, true];
  drawMood();
  const open = ["drill", "emergency"].includes(state.mood);
  for (const button of document.querySelectorAll("[data-what]")) {
    button.hidden = (button.dataset.what === "end") !== open && !(open && button.dataset.what === "evacuate" && state.mood === "drill");
  }
  for (const button of document.querySelectorAll("[data-area]")) {
    button.querySelector("[data-count]").textContent = state.inside ? String(state.inside[button.dataset.area] ?? 0) : "–";
  }
  if (shownArea) {
    showPeople(shownArea);
  }
}

function drawMood() {
  const mood = linked ? state.mood : "lost";
  const [key, name] = MOODS[mood];
  body.dataset.mood = mood;
  part("mood-icon").setAttribute("href", `#icon-${name}`);
  fill("mood", say(key));
  drawRelease();
}

// ---- what is asked of the gate

function whyNot({ status, answer }) {
  if (status === 403) {
    location.replace(start);
  }
  const known = answer.message?.includes("emergency input") ? "att_contact_active" : answer.why;
  return say("att_not_done", { what: known ? say(known) : (answer.message ?? "") });
}

function reason() {
  return document.querySelector('input[name="why"]:checked');
}

function drawRelease() {
  part("release").disabled = !reason() || !linked || state.mood === "lost";
}

async function release() {
  part("release").disabled = true;
  try {
    const found = await post(`/attendant/${point}/release`, { why: reason().value });
    fillOrHide("released", found.ok ? say("att_released", { n: found.answer.seq ?? "–" }) : whyNot(found));
    if (found.ok) {
      reason().checked = false;
    }
  } catch {
    fillOrHide("released", say("att_not_released"));
  }
  drawRelease();
}

function askSure(button) {
  wanted = button.dataset.what;
  fill("sure-words", button.dataset.sure);
  part("sure-hint").hidden = wanted === "end";
  part("sure").showModal();
  part("no").focus();
}

async function change() {
  part("sure").close();
  try {
    const found = await post("/attendant/emergency", { what: wanted });
    fillOrHide("emergency-told", found.ok ? "" : whyNot(found));
  } catch {
    fillOrHide("emergency-told", say("att_not_done", { what: say("att_no_gate") }));
  }
}

async function showPeople(area) {
  const response = await fetch(`/attendant/inside/${encodeURIComponent(area)}`).catch(() => null);
  if (area !== shownArea) {
    return;
  }
  const people = response?.ok ? (await response.json()).people : null;
  const rows = people?.map((each) => {
    const row = document.createElement("tr");
    const who = element("td", "", each.greeting || say(each.guest ? "att_guest" : "att_no_name"));
    who.append(element("span", "figures", each.member));
    row.append(who, element("td", "", each.tier[LANGUAGE] ?? ""), element("td", "figures", localTime(each.since)));
    return row;
  });
  const empty = document.createElement("tr");
  const cell = element("td", "", say(people ? "att_inside_none" : "att_inside_unknown"));
  cell.colSpan = 3;
  empty.append(cell);
  part("people-rows").replaceChildren(...(rows?.length ? rows : [empty]));
  part("people-first").hidden = !(people?.length >= Number(body.dataset.peopleMax));
}

function openArea(button) {
  shownArea = button.dataset.area;
  fill("people-title", `${say("att_inside")} · ${button.querySelector("span").textContent}`);
  part("people-rows").replaceChildren();
  part("people").showModal();
  showPeople(shownArea);
}

for (const button of document.querySelectorAll("[data-area]")) {
  button.addEventListener("click", () => openArea(button));
}
for (const button of document.querySelectorAll("[data-what]")) {
  button.addEventListener("click", () => askSure(button));
}
for (const input of document.querySelectorAll('input[name="why"]')) {
  input.addEventListener("change", drawRelease);
}
part("release").addEventListener("click", release);
part("yes").addEventListener("click", change);
part("no").addEventListener("click", () => part("sure").close());
part("people-away").addEventListener("click", () => part("people").close());
part("people").addEventListener("close", () => {
  shownArea = "";
});
part("sign-out").addEventListener("click", async () => {
  await post("/attendant/sign-out", {});
  location.replace(start);
});

followEvents(
  () => `/attendant/${point}/events`,
  { tap: showTap, passage: showPassage, state: showState },
  (up) => {
    linked = up;
    if (up) {
      // The stream begins with the last taps again, and then says how the gate stands.
      part("taps").replaceChildren();
      known = false;
    }
    drawMood();
  },
);
drawMood();
