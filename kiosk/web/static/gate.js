// The gate display: idle until a card comes, the result for a few seconds, and always how old the data is.

import { followEvents } from "../shared/stream.js";
import { canSound, play, wakeSound } from "./sounds.js";
import { age, localTime, show, text } from "./texts.js";

const FRESH_S = 120;

const body = document.body;
const part = (name) => document.querySelector(`[data-part="${name}"]`);
const resultMs = Number(body.dataset.resultS) * 1000;

let status = { notice: "no_gate", way_out: body.dataset.wayOut === "yes" };
let linked = false;
let back;

function showDecision(decision) {
  body.dataset.outcome = decision.outcome;
  part("result-icon").setAttribute("href", `#icon-${decision.outcome}`);
  show(part("result-title"), decision.title);
  show(part("advice"), decision.advice);
  fillOrHide("greeting", decision.greeting);
  part("tier").hidden = !decision.tier.zh;
  show(part("tier"), decision.tier);
  body.dataset.notes = decision.notes.length ? "yes" : "";
  part("notes").hidden = !decision.notes.length;
  part("notes").replaceChildren(...decision.notes.map(noteItem));
  part("passed").hidden = true;
  part("idle").hidden = true;
  part("result").hidden = false;
  clearTimeout(back);
  back = setTimeout(showIdle, resultMs);
  body.dataset.shownAt = moment();
  afterPaint(() => {
    body.dataset.paintedAt = moment();
    body.dataset.shows = String(Number(body.dataset.shows ?? 0) + 1);
  });
  play(decision.outcome);
}

function moment() {
  return String(Math.round(performance.timeOrigin + performance.now()));
}

/** Call `done` once the next picture is on the screen: behind its frame, in a task of its own. */
function afterPaint(done) {
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(null);
  });
}

function noteItem(note) {
  const item = document.createElement("li");
  show(item, note);
  return item;
}

function showPassage(passage) {
  part("passed").hidden = !(passage.taken && body.dataset.outcome !== "denied");
}

function showIdle() {
  body.dataset.outcome = "idle";
  part("result").hidden = true;
  part("idle").hidden = false;
}

function showStatus() {
  const notice = linked ? status.notice : "no_gate";
  body.dataset.notice = notice;
  part("idle-icon").setAttribute("href", notice ? "#icon-attention" : "#icon-card");
  if (notice) {
    show(part("idle-title"), text(notice));
    show(part("idle-advice"), text(`${notice}_advice`));
  } else {
    show(part("idle-title"), text(status.way_out ? "tap_card_out" : "tap_card"));
    part("idle-advice").replaceChildren();
  }
  showLine(notice === "no_gate");
}

function showLine(lost) {
  const online = lost ? null : status.online;
  part("lamp").setAttribute("href", { true: "#icon-online", false: "#icon-offline" }[online] ?? "#icon-unknown");
  body.dataset.online = String(online);
  const parts = [lineText(online), ...(lost ? [] : [dataText(online)])];
  const join = (language) => parts.map((each) => each[language]).join(language === "zh" ? "，" : " – ");
  show(part("line"), { zh: join("zh"), en: join("en") });
}

function lineText(online) {
  if (online === null || online === undefined) {
    return text("line_unknown");
  }
  if (!status.since) {
    return text(online ? "online" : "offline");
  }
  return online
    ? text("online_since", () => ({ time: localTime(status.since) }))
    : text("offline_for", (language) => ({ age: age(status.since_s, language) }));
}

function dataText(online) {
  if (!status.roster_revision) {
    return text("data_none");
  }
  if (online === false) {
    return text("data_as_of", () => ({ time: localTime(status.data_as_of) }));
  }
  if (status.roster_age_s < FRESH_S) {
    return text("data_fresh");
  }
  return text("data_age", (language) => ({ age: age(status.roster_age_s, language) }));
}

function fillOrHide(name, content) {
  part(name).textContent = content;
  part(name).hidden = !content;
}

function showSound() {
  part("sound").toggleAttribute("hidden", canSound());
}

function showClock() {
  const now = new Date();
  part("clock").textContent = localTime(now);
  setTimeout(showClock, 60_000 - (now % 60_000));
}

for (const touch of ["pointerdown", "keydown"]) {
  addEventListener(touch, () => wakeSound(showSound));
}
showSound();

followEvents(
  () => body.dataset.events,
  {
    message: (item) => (item.kind === "decision" ? showDecision(item) : showPassage(item)),
    status: (item) => {
      status = item;
      showStatus();
    },
  },
  (up) => {
    linked = up;
    // The first status follows at once; until then the notice of a lost connection would only flicker.
    if (!up) {
      showStatus();
    }
  },
);
showClock();
