// The till: a basket, what it costs the one whose card is shown, and the sale under an id that is made once.

import { followEvents } from "../shared/stream.js";
import { LANGUAGE, element, fill, fillOrHide, part, post, say } from "./staff.js";
import { localTime } from "./texts.js";

const QUOTE_AFTER_MS = 120;
const NOTES_MINOR = [1_000, 2_000, 5_000, 10_000];
const RECEIVED_MAX_MINOR = 99_999_999;

const [KEPT, LAST] = ["till-sale", "till-last"];

const body = document.body;
const known = (key) => document.getElementById("texts").textContent.includes(`"${key}"`);
const names = new Map([...document.querySelectorAll("[data-item]")].map((each) => [each.dataset.item, each.dataset.name]));

const basket = new Map();
let priced = null;
let asked = 0;
let quoting = false;
let timer;
let state = { card: null, fault: {}, reader: null, online: false, tap_minor: 0, card_minor: 0 };
let shownCard = "";
let linked = false;
let busy = false;
let sale = null;
let last = JSON.parse(sessionStorage.getItem(LAST) ?? "null");
let touched = "";
let received = "";
let undoTimer;

function grouped(whole) {
  return String(whole).replace(/\B(?=(\d{3})+$)/g, ",");
}

function yuan(minor) {
  const [whole, rest] = (Math.abs(minor) / 100).toFixed(2).split(".");
  return `${minor < 0 ? "-" : ""}¥${grouped(whole)}.${rest}`;
}

// ---- basket and price

function tender() {
  return document.querySelector('input[name="tender"]:checked').value;
}

function wish() {
  return { items: [...basket], tender: tender() };
}

function change(item, by) {
  touched = item;
  const pieces = Math.min((basket.get(item) ?? 0) + by, 1000);
  pieces > 0 ? basket.set(item, pieces) : basket.delete(item);
  sale = null;
  ask();
}

function ask() {
  clearTimeout(timer);
  priced = null;
  asked += 1;
  drawBasket();
  drawSum();
  timer = setTimeout(quote, QUOTE_AFTER_MS);
}

/** Ask what the basket costs; one question at a time, lest a quick hand waits behind its own questions. */
async function quote() {
  if (quoting || !basket.size) {
    return;
  }
  quoting = true;
  const number = asked;
  const { ok, answer } = await post("/till/quote", wish()).catch(() => ({ answer: {} }));
  quoting = false;
  if (number !== asked) {
    quote();
    return;
  }
  priced = ok && answer.lines ? answer : { lines: [], total_minor: 0, reason: answer.reason ?? "other" };
  drawBasket();
  drawSum();
}

function drawBasket() {
  const lines = priced?.lines.length ? priced.lines : null;
  const shown = lines ?? [...basket].map(([item, quantity]) => ({ item, quantity }));
  const focused = document.activeElement?.dataset.step;
  part("lines").replaceChildren(...shown.map(lineItem));
  // The lines are new: the one that was touched stays in sight, and the keyboard where it was.
  document.querySelector(`[data-step="${touched} 1"]`)?.closest("li").scrollIntoView({ block: "nearest" });
  document.querySelector(`[data-step="${focused}"]`)?.focus({ preventScroll: true });
  part("empty").hidden = basket.size > 0;
  part("clear").hidden = basket.size === 0;
}

function lineItem(line) {
  const item = element("li", "line", "");
  const name = line.name?.[LANGUAGE] ?? names.get(line.item) ?? line.item;
  const words = element("div", "line-words", "");
  words.append(element("span", "line-name", name));
  if (line.why) {
    const key = `till_price_${line.why}`;
    words.append(element("span", "line-why", known(key) ? say(key) : line.why));
  }
  const amounts = element("div", "line-amounts", "");
  if (line.price_minor !== undefined) {
    amounts.append(element("strong", "", yuan(line.price_minor * line.quantity)));
    if (line.list_minor > line.price_minor) {
      amounts.append(element("s", "", yuan(line.list_minor * line.quantity)));
    }
  }
  item.append(words, stepper(line.item, line.quantity, name), amounts);
  return item;
}

function stepper(item, quantity, name) {
  const box = element("div", "stepper", "");
  for (const [sign, by, label] of [["−", -1, "till_less"], ["+", 1, "till_more"]]) {
    const button = element("button", "step", sign);
    button.type = "button";
    button.dataset.step = `${item} ${by}`;
    button.setAttribute("aria-label", `${say(label)}: ${name}`);
    button.addEventListener("click", () => change(item, by));
    box.append(button);
  }
  box.insertBefore(element("span", "pieces", String(quantity)), box.lastChild);
  return box;
}

function drawSum() {
  const ready = priced && !priced.reason;
  const total = priced?.total_minor ?? 0;
  fill("total", priced?.lines.length || !basket.size ? yuan(total) : "–");
  const off = (priced?.lines ?? []).reduce((sum, each) => sum + (each.list_minor - each.price_minor) * each.quantity, 0);
  fill("saved", off > 0 ? say("till_saved", { amount: yuan(off) }) : "");
  const source = priced?.online ? "till_priced_online" : "till_priced_here";
  fill("source", basket.size ? say(priced ? source : "till_pricing") : "");
  fill("balance", priced?.lines.length ? balance() : "");
  fillOrHide("why", priced?.reason && basket.size ? why(priced.reason) : "");
  fill("pay", basket.size && !priced ? say("till_pricing") : say("till_pay", { amount: amount(total, tender(), priced?.points) }));
  part("pay").disabled = busy || !ready || !basket.size;
}

/** What is paid, in words: yuan, or the points that stand for them. */
function amount(minor, by, points) {
  return by === "points" && points ? say("till_in_points", { n: grouped(points) }) : yuan(minor);
}

function balance() {
  if (tender() === "bank_card") {
    return say("till_bank_card_first");
  }
  if (tender() !== "stored_value" || priced.before_minor === null || priced.after_minor === null) {
    return "";
  }
  const key = priced.after_minor < 0 ? "till_balance_short" : "till_balance";
  return say(key, { before: yuan(priced.before_minor), after: yuan(priced.after_minor) });
}

function why(reason) {
  const key = `till_why_${reason}`;
  return known(key) ? say(key) : `${say("till_why_other")} ${reason}`;
}

function clearBasket() {
  basket.clear();
  sale = null;
  ask();
}

// ---- the card, the line, and who is at the till

function showState(now) {
  const lineChanged = now.online !== state.online;
  state = now;
  drawCard();
  drawLine();
  const card = JSON.stringify(state.card);
  if (card !== shownCard) {
    shownCard = card;
    if (state.card?.in_order) {
      choose(state.card.gift ? "gift_card" : "stored_value");
    } else if (!state.card && ["stored_value", "gift_card", "points"].includes(tender())) {
      choose("cash");
    }
    ask();
  } else if (lineChanged) {
    // Another one says the price now, and other things are possible.
    ask();
  }
  drawTenders();
}

function choose(value) {
  document.querySelector(`input[name="tender"][value="${value}"]`).checked = true;
}

function drawTenders() {
  const usable = Boolean(state.card?.in_order);
  const off = {
    stored_value: !usable || state.card.gift || !state.card.member,
    gift_card: !usable || !state.card.gift,
    points: !usable || state.card.gift || !state.card.member || !state.online,
  };
  for (const input of document.querySelectorAll('input[name="tender"]')) {
    input.disabled = Boolean(off[input.value]);
  }
}

function drawCard() {
  const { card, fault } = state;
  let [title, note, icon, mood] = [say("till_no_card"), say("till_no_card_hint"), "card", ""];
  if (fault[LANGUAGE]) {
    [title, note, icon, mood] = [fault[LANGUAGE], "", "attention", "attention"];
  } else if (card) {
    const tier = card.tier[LANGUAGE] ?? "";
    title = card.known ? (card.gift ? say("till_gift_card") : [card.greeting, tier].filter(Boolean).join(" · ")) : say("till_card_unknown");
    note = card.why[LANGUAGE] ?? "";
    [icon, mood] = card.in_order ? ["granted", "granted"] : ["denied", "denied"];
  } else if (state.reader === null) {
    [title, icon] = [say("till_no_reader"), "card"];
  } else if (state.reader === false) {
    [title, note, icon, mood] = [say("till_reader_down"), "", "attention", "attention"];
  }
  part("card").dataset.mood = mood;
  fill("card-title", title || say("till_card"));
  fill("card-note", note);
  part("card-icon").setAttribute("href", `#icon-${icon}`);
  part("card-away").hidden = !card;
}

function drawLine() {
  const online = linked && state.online;
  body.dataset.online = String(online);
  part("lamp").setAttribute("href", linked ? (online ? "#icon-online" : "#icon-offline") : "#icon-unknown");
  const told = online ? say("till_online") : say("till_offline");
  const data = state.data_as_of ? `${LANGUAGE === "zh" ? "，" : ", "}${say("till_offline_data", { time: localTime(state.data_as_of) })}` : "";
  fill("line", linked ? (online ? told : told + data) : say("till_lost"));
  const limits = { tap: yuan(state.tap_minor), card: yuan(state.card_minor) };
  fillOrHide("limits", linked && !online ? say("till_offline_limits", limits) : "");
}

function showOperator(code) {
  body.dataset.operator = code;
  part("operator-button").hidden = !code;
  fill("operator-name", code);
  if (!code && !part("sign-in").open) {
    part("sign-in").showModal();
  }
}

async function signIn(code) {
  const { ok, answer } = await post("/till/operator", { code }).catch(() => ({}));
  fillOrHide("code-why", ok ? "" : say(answer ? "till_bad_operator" : "till_lost"));
  if (ok) {
    part("sign-in").close();
    part("code").value = "";
    showOperator(answer.operator);
  }
}

// ---- paying

function pay() {
  if (!priced || priced.reason || busy) {
    return;
  }
  if (tender() === "cash" && priced.total_minor > 0) {
    received = "";
    drawCash();
    part("cash").showModal();
  } else {
    sell(0);
  }
}

async function sell(receivedMinor) {
  sale ??= { said: { ...wish(), sale_id: crypto.randomUUID(), total_minor: priced.total_minor }, received: receivedMinor, points: priced.points };
  // A page that is loaded anew asks again under the same id, so that nobody pays twice.
  sessionStorage.setItem(KEPT, JSON.stringify(sale));
  busy = true;
  fill("pay", say("till_paying"));
  part("pay").disabled = true;
  part("again").disabled = true;
  try {
    const { ok, answer } = await post("/till/pay", sale.said);
    sessionStorage.removeItem(KEPT);
    ok && answer.done ? showSold(answer) : showRefused(answer);
  } catch {
    showDoubt();
  } finally {
    busy = false;
    part("again").disabled = false;
  }
}

function showResult(icon, title, sum, note, buttons) {
  part("result-icon").setAttribute("href", `#icon-${icon}`);
  part("result").dataset.mood = icon;
  fill("result-title", title);
  fill("result-sum", sum);
  fill("result-note", note);
  for (const name of ["undo", "print", "again"]) {
    part(name).hidden = !buttons.includes(name);
  }
  // While it is not known whether it was sold, there is no next sale: under a new id it would be charged again.
  part("next").hidden = buttons.includes("again");
  fill("undo-left", "");
  clearInterval(undoTimer);
  hideReceipt();
  if (!part("result").open) {
    part("result").showModal();
  }
  part(buttons.includes("again") ? "again" : "next").focus();
}

function showSold(answer) {
  sale.sold = answer;
  sale.undo_until = Date.now() + Number(body.dataset.voidS) * 1000;
  keepLast(sale);
  basket.clear();
  ask();
  drawSold();
}

function drawSold() {
  const { received, points, sold } = sale;
  const change = received > sold.total_minor ? `${say("till_change")} ${yuan(received - sold.total_minor)}` : "";
  const sum = [amount(sold.total_minor, sold.tender, points), say(`till_by_${sold.tender}`), change];
  const note = sold.offline ? say("till_sold_offline") : "";
  showResult("granted", say("till_sold"), sum.filter(Boolean).join(" · "), note, ["undo", "print"]);
  drawUndo();
  undoTimer = setInterval(drawUndo, 1000);
}

/** Keep the last sale at hand, to undo it or to print it again; null for one that was undone. */
function keepLast(made) {
  last = made;
  sessionStorage.setItem(LAST, JSON.stringify(last));
  part("last").hidden = !last;
}

function drawUndo() {
  const left = Math.max(Math.round((sale.undo_until - Date.now()) / 1000), 0);
  const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  fill("undo-left", left ? say("till_undo_left", { time }) : "");
  part("undo").hidden = left === 0;
  if (!left) {
    clearInterval(undoTimer);
  }
}

function showRefused(answer) {
  sale = null;
  if (answer.priced) {
    priced = answer.priced;
    drawBasket();
  }
  showResult("denied", say("till_not_sold"), "", answer.reason ? why(answer.reason) : why("other"), []);
  drawSum();
  if (answer.reason === "no_operator") {
    part("result").close();
    showOperator("");
  }
}

function showDoubt() {
  showResult("attention", say("till_in_doubt"), "", say("till_in_doubt_hint"), ["again"]);
}

async function undo() {
  const { sold } = sale;
  sale.void_id ??= crypto.randomUUID();
  part("undo").disabled = true;
  try {
    const said = { sale_id: sold.sale_id, void_id: sale.void_id, operator: body.dataset.operator };
    const { ok, answer } = await post("/till/void", said);
    if (ok && answer.done) {
      const key = `till_undone_${sold.tender}`;
      keepLast(null);
      showResult("attention", say(known(key) ? key : "till_undone", { amount: yuan(sold.total_minor) }), "", "", ["print"]);
    } else {
      showResult("denied", say("till_not_undone"), "", "", ["print"]);
    }
  } catch {
    fill("result-note", say("till_lost"));
  } finally {
    part("undo").disabled = false;
  }
}

function printReceipt() {
  const frame = part("receipt");
  const extra = sale.received ? `received=${sale.received}` : "";
  const [path, query] = body.dataset.receipt.replace("SALE", sale.sold.sale_id).split("?");
  frame.hidden = false;
  frame.onload = () => frame.contentWindow.print();
  frame.src = `${path}?${[query, extra].filter(Boolean).join("&")}`;
}

function hideReceipt() {
  part("receipt").hidden = true;
  part("receipt").removeAttribute("src");
}

function closeResult() {
  if (sale && !sale.sold) {
    return;
  }
  sale = null;
  clearInterval(undoTimer);
  hideReceipt();
  part("result").close();
  part("find").value = "";
  filter();
  ask();
}

// ---- cash

function receivedMinor() {
  return Math.min(Math.round(Number(received || 0) * 100), RECEIVED_MAX_MINOR);
}

function drawCash() {
  const total = priced.total_minor;
  const change = receivedMinor() - total;
  fill("cash-total", yuan(total));
  fill("cash-received", yuan(receivedMinor()));
  fill("cash-change-label", say(change < 0 && received ? "till_still_due" : "till_change"));
  fill("cash-change", received ? yuan(Math.abs(change)) : "–");
  part("cash-done").disabled = change < 0;
  // What is likely to be handed over: exactly so much, or the next sum that notes of one kind make.
  const rounded = NOTES_MINOR.map((note) => Math.ceil(total / note) * note);
  const notes = [...new Set([total, ...rounded])];
  part("notes").replaceChildren(
    ...notes.map((minor, place) => {
      const button = element("button", "note", place === 0 ? `${say("till_exact")} ${yuan(minor)}` : yuan(minor));
      button.type = "button";
      button.addEventListener("click", () => {
        received = (minor / 100).toFixed(2);
        drawCash();
      });
      return button;
    }),
  );
}

function press(key) {
  const next = key === "back" ? received.slice(0, -1) : received + key;
  if (/^\d{0,6}(\.\d{0,2})?$/.test(next)) {
    received = next;
    drawCash();
  }
}

// ---- what happens when

function filter() {
  const words = part("find").value.trim().toLowerCase().split(/\s+/);
  let shown = 0;
  for (const each of document.querySelectorAll("[data-item]")) {
    each.hidden = !words.every((word) => each.dataset.search.includes(word));
    shown += !each.hidden;
  }
  part("no-match").hidden = shown > 0 || names.size === 0;
}

for (const price of document.querySelectorAll(".tile-price")) {
  price.textContent = yuan(Number(price.dataset.minor));
}
part("tiles").addEventListener("click", (event) => {
  const tile = event.target.closest("[data-item]");
  if (tile) {
    change(tile.dataset.item, 1);
  }
});
for (const input of document.querySelectorAll('input[name="tender"]')) {
  input.addEventListener("change", () => {
    sale = null;
    ask();
  });
}
part("find").addEventListener("input", filter);
part("clear").addEventListener("click", clearBasket);
part("pay").addEventListener("click", pay);
part("card-away").addEventListener("click", () => post("/till/away", {}));
part("operator-button").addEventListener("click", async () => {
  await post("/till/operator", { code: "" });
  showOperator("");
});
part("sign-in-form").addEventListener("submit", (event) => {
  event.preventDefault();
  signIn(part("code").value.trim());
});
part("sign-in").addEventListener("cancel", (event) => event.preventDefault());
part("keys").addEventListener("click", (event) => event.target.dataset.key && press(event.target.dataset.key));
part("cash").addEventListener("keydown", (event) => {
  if (/^[0-9.]$/.test(event.key)) {
    press(event.key);
  } else if (event.key === "Backspace") {
    press("back");
  }
});
part("cash-cancel").addEventListener("click", () => part("cash").close());
part("cash-done").addEventListener("click", () => {
  part("cash").close();
  sell(receivedMinor());
});
part("undo").addEventListener("click", undo);
part("print").addEventListener("click", printReceipt);
part("again").addEventListener("click", () => sell(sale.received));
part("next").addEventListener("click", closeResult);
part("last").addEventListener("click", () => {
  sale = last;
  drawSold();
});
part("result").addEventListener("cancel", (event) => {
  event.preventDefault();
  closeResult();
});

followEvents(
  () => "/till/events",
  { state: showState },
  (up) => {
    linked = up;
    drawLine();
  },
);
ask();
part("last").hidden = !last;
sale = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
if (sale) {
  showDoubt();
} else {
  showOperator(body.dataset.operator);
}
