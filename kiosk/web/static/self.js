// The kiosk's page: shows what the server draws, counts the time without a touch, and wipes. It keeps nothing.

import { followEvents } from "../shared/stream.js";
import { typeKey, watchTyping } from "./self_keys.js";
import { canSound, play, wakeSound } from "./sounds.js";

const TOUCH_TOLD_MS = 15_000;
const ANSWER_MS = 15_000;
const BUSY_AFTER_MS = 500;
const TOAST_MS = 6_000;
const TICK_MS = 250;

const body = document.body;
const part = (name) => document.querySelector(`[data-part="${name}"]`);
const stage = part("stage");

let session = "";
let asking = null;
let shownAt = performance.now();
let touchedAt = shownAt;
let toldAt = shownAt;
let polledAt = shownAt;
let warned = false;
let toastTimer;

const now = () => performance.now();
const root = () => stage.firstElementChild;
const seconds = (name) => Number(root().dataset[name] || 0);

function swap(html) {
  const next = document.createElement("template");
  next.innerHTML = html;
  show(next.content);
}

function show(content) {
  stage.replaceChildren(content);
  const screen = root();
  session = screen.dataset.session ?? "";
  shownAt = touchedAt = polledAt = now();
  warned = false;
  document.documentElement.lang = screen.dataset.lang ?? document.documentElement.lang;
  if (!session && screen.dataset.screen !== "blank") {
    setMode("large", false);
    setMode("low", false);
  }
  for (const button of screen.querySelectorAll("[data-toggle]")) {
    button.setAttribute("aria-pressed", String(body.classList.contains(button.dataset.toggle)));
  }
  watchTyping(screen);
  part("live").textContent = screen.dataset.say ?? "";
  play(screen.dataset.sound);
  const focus = screen.querySelector("[autofocus], input[data-typed=digits]") ?? screen.querySelector("[data-focus]");
  focus?.focus({ preventScroll: true });
  scrollTo(0, 0);
}

function showTemplate(id) {
  show(document.getElementById(id).content.cloneNode(true));
}

async function press(go, values = {}) {
  const quiet = go === "order" || go === "stay";
  if (asking) {
    if (quiet || !asking.quiet) {
      return;
    }
    cutOff();
  }
  const mine = new AbortController();
  mine.quiet = quiet;
  asking = mine;
  toldAt = polledAt = now();
  const busy = quiet ? null : setTimeout(showBusy, BUSY_AFTER_MS);
  try {
    const answer = await fetch(body.dataset.do, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      cache: "no-store",
      signal: AbortSignal.any([mine.signal, AbortSignal.timeout(ANSWER_MS)]),
      body: JSON.stringify({ page: body.dataset.page, session, go, values }),
    });
    const html = answer.status === 204 ? "" : await answer.text();
    if (mine.signal.aborted) {
      return;
    }
    if (answer.status >= 500 || answer.status === 403) {
      showTemplate("lost");
    } else if (html) {
      swap(html);
    }
  } catch {
    // A press that another card cut off is nobody's any more; any other that failed left the page without its server.
    if (!mine.signal.aborted) {
      showTemplate("lost");
    }
  } finally {
    clearTimeout(busy);
    if (asking === mine) {
      asking = null;
      part("busy").hidden = true;
    }
  }
}

/** Ask for help. The screen stays as it is, whatever is being done on it. */
async function askForHelp(button) {
  button.disabled = true;
  try {
    const answer = await fetch(body.dataset.do, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      cache: "no-store",
      signal: AbortSignal.timeout(ANSWER_MS),
      body: JSON.stringify({ page: body.dataset.page, go: "help" }),
    });
    if (answer.status === 202 || answer.status === 504) {
      toast(await answer.text(), answer.status === 202);
      play(answer.status === 202 ? "granted" : "attention");
    } else {
      showTemplate("lost");
    }
  } catch {
    showTemplate("lost");
  } finally {
    button.disabled = false;
  }
}

function showBusy() {
  part("busy").hidden = false;
  part("busy-bar").value = 0;
}

function cutOff() {
  asking?.abort();
  asking = null;
  part("busy").hidden = true;
}

function wipe() {
  cutOff();
  const ended = session;
  showTemplate("blank");
  session = ended;
  press("finish");
}

function setMode(name, on) {
  body.classList.toggle(name, on);
}

function valuesOf(button) {
  const form = button.closest("[data-form]");
  const typed = {};
  for (const field of form?.querySelectorAll("[name]") ?? []) {
    if (field.type !== "checkbox" || field.checked) {
      typed[field.name] = field.value;
    }
  }
  return { ...typed, ...JSON.parse(button.dataset.values ?? "{}") };
}

function onClick(event) {
  const button = event.target.closest("button");
  if (!button || !stage.contains(button)) {
    return;
  }
  if (button.dataset.key) {
    typeKey(root(), button);
    play("key");
  } else if (button.dataset.toggle) {
    setMode(button.dataset.toggle, !body.classList.contains(button.dataset.toggle));
    button.setAttribute("aria-pressed", String(body.classList.contains(button.dataset.toggle)));
  } else if (button.dataset.part === "help") {
    askForHelp(button);
  } else if (button.dataset.part === "continue") {
    stay();
  } else if (button.dataset.go === "finish") {
    wipe();
  } else if (button.dataset.go) {
    play("press");
    press(button.dataset.go, valuesOf(button));
  }
}

function onTouch() {
  if (!canSound()) {
    wakeSound(() => {});
  }
  // While the warning stands only its own buttons count: a click must not lose the button it was meant for.
  if (warned) {
    return;
  }
  touchedAt = now();
  if (session && !asking && now() - toldAt > TOUCH_TOLD_MS) {
    press("stay");
  }
}

function stay() {
  part("warning")?.close();
  warned = false;
  touchedAt = now();
  press("stay");
}

function warn(left) {
  if (!warned) {
    warned = true;
    const dialog = part("warning");
    dialog?.showModal();
    part("continue")?.focus();
    dialog?.addEventListener("cancel", stay, { once: true });
    play("warning");
  }
  if (part("warning-left")) {
    part("warning-left").textContent = String(Math.ceil(left));
  }
}

function tick() {
  const screen = root();
  const shown = (now() - shownAt) / 1000;
  for (const place of screen.querySelectorAll("[data-left-s]")) {
    const left = Math.max(Math.ceil(Number(place.dataset.leftS) - shown), 0);
    place.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  }
  if (!part("busy").hidden) {
    part("busy-bar").value = (now() - toldAt) / 1000;
  }
  const ends = seconds("endsS");
  const idle = seconds("idleS");
  const untouched = (now() - touchedAt) / 1000;
  if (ends && untouched >= ends) {
    wipe();
  } else if (idle && untouched >= idle + (session ? seconds("warningS") : 0)) {
    wipe();
  } else if (idle && session && untouched >= idle) {
    warn(idle + seconds("warningS") - untouched);
  }
  const poll = seconds("pollS");
  if (poll && !asking && now() - polledAt >= poll * 1000) {
    press("order");
  }
}

function toast(text, good = false) {
  const place = part("toast");
  place.textContent = text;
  place.classList.toggle("toast-good", good);
  place.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => {
    place.hidden = true;
    place.textContent = "";
  }, TOAST_MS);
}

const onNews = {
  standing: (news) => {
    if (news.session !== session || root().dataset.screen === "lost") {
      cutOff();
      session = "";
      press("attract");
    }
  },
  yours: (news) => swap(news.html),
  elsewhere: (news) => {
    cutOff();
    swap(news.html);
  },
  card: (news) => {
    // The same card again while its order is open changes nothing.
    if (news.session === session && root().dataset.screen === "pay") {
      return;
    }
    cutOff();
    swap(news.html);
    play("card");
    press("home");
  },
  lifted: (news) => {
    const chip = part("card-chip");
    if (chip && news.session === session) {
      part("card-chip-text").textContent = chip.dataset.lifted;
      chip.dataset.state = "lifted";
    }
  },
  ended: (news) => {
    if (news.session === session) {
      cutOff();
      swap(news.html);
      play("end");
    }
  },
  fault: (news) => {
    toast(news.text);
    play("denied");
  },
  attract: (news) => {
    if (root().dataset.screen === "attract") {
      swap(news.html);
    }
  },
  reader: (news) => {
    if (root().dataset.screen === "attract") {
      swap(news.html);
    }
  },
  line: (news) => {
    const line = part("line");
    if (line) {
      line.innerHTML = news.html;
      line.closest(".foot").dataset.online = news.online ? "yes" : "no";
    }
  },
};

document.addEventListener("click", onClick);
for (const kind of ["pointerdown", "keydown", "input"]) {
  document.addEventListener(kind, onTouch, { capture: true, passive: true });
}
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("input[data-typed]")) {
    root().querySelector("[data-primary]")?.click();
  }
});
document.addEventListener("contextmenu", (event) => event.preventDefault());
addEventListener("pageshow", (event) => event.persisted && location.reload());
addEventListener("pagehide", () => {
  showTemplate("blank");
  const said = JSON.stringify({ page: body.dataset.page, go: "leave" });
  fetch(body.dataset.leave, { method: "POST", keepalive: true, headers: { "Content-Type": "application/json" }, body: said });
});

show(document.createRange().createContextualFragment(stage.innerHTML));
followEvents(() => body.dataset.events, onNews, (up) => {
  if (!up) {
    cutOff();
    showTemplate("lost");
    // A server that came back does not know this page any more.
    setTimeout(reloadWhenBack, 2_000);
  }
});
setInterval(tick, TICK_MS);

async function reloadWhenBack() {
  if (root().dataset.screen !== "lost") {
    return;
  }
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (answer.ok) {
      location.reload();
      return;
    }
  } catch {
    // Still gone.
  }
  setTimeout(reloadWhenBack, 2_000);
}
