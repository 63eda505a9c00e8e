// The demo's page: filter the cards, tap one, show what the gate wrote.

const { language } = document.documentElement.dataset;
const part = (name) => document.querySelector(`[data-part="${name}"]`);
const labels = part("labels").dataset;
const rows = [...document.querySelectorAll("[data-card]")];

function filter() {
  const words = part("search").value.trim().toLowerCase().split(/\s+/);
  const wanted = part("expected").value;
  let shown = 0;
  for (const row of rows) {
    const fits = (!wanted || row.dataset.outcome === wanted) && words.every((word) => row.dataset.search.includes(word));
    row.hidden = !fits;
    shown += fits;
  }
  part("count").textContent = labels.count.replace("{n}", shown).replace("{total}", rows.length);
  part("no-match").hidden = shown > 0;
}

function choosePoint() {
  const option = part("point").selectedOptions[0];
  if (option) {
    part("screen").src = option.dataset.display;
  }
}

async function tap(row, button) {
  button.disabled = true;
  part("record").hidden = true;
  show("attention", `${labels.tapping}…`);
  try {
    const response = await fetch(labels.tapUrl, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Form-Key": labels.formKey },
      body: JSON.stringify({ identifier: row.dataset.card, access_point: part("point").value }),
    });
    const answer = await response.json();
    if (response.ok) {
      show(answer.outcome, `${answer.title[language]} (${answer.reason})`);
      part("record").textContent = JSON.stringify(answer.record, null, 2);
      part("record").hidden = !answer.record;
    } else {
      show("denied", `${labels.failed}: ${answer.message}. ${answer.hint}`);
    }
  } catch (error) {
    show("denied", `${labels.failed}: ${error.message}`);
  } finally {
    button.disabled = false;
  }
}

function show(outcome, words) {
  const verdict = part("verdict");
  verdict.className = `verdict ${outcome}`;
  verdict.hidden = false;
  part("verdict-icon").setAttribute("href", `#icon-${outcome}`);
  part("verdict-text").textContent = words;
  part("record-hint").hidden = true;
}

part("search").addEventListener("input", filter);
part("expected").addEventListener("change", filter);
part("point").addEventListener("change", choosePoint);
part("cards").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) {
    tap(button.closest("[data-card]"), button);
  }
});
filter();
choosePoint();
