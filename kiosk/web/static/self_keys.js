// The keyboards on the screen: they type into the one field of their screen, like keys of a real keyboard.

let capitals = false;

const fieldOf = (screen) => screen.querySelector("[data-typed]");

/** Press a key of an on-screen keyboard. */
export function typeKey(screen, button) {
  const field = fieldOf(screen);
  const { key } = button.dataset;
  if (key === "shift") {
    setCapitals(screen, button, !capitals);
    return;
  }
  if (!field) {
    return;
  }
  const [start, end] = [field.selectionStart ?? field.value.length, field.selectionEnd ?? field.value.length];
  if (key === "clear") {
    field.value = "";
  } else if (key === "back") {
    field.setRangeText("", start === end ? Math.max(start - 1, 0) : start, end, "end");
  } else if (field.value.length - (end - start) < field.maxLength) {
    field.setRangeText(capitals ? key.toUpperCase() : key, start, end, "end");
    setCapitals(screen, screen.querySelector("[data-key=shift]"), false);
  }
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Keep digits digits, and show what is typed in its pattern. */
export function watchTyping(screen) {
  capitals = false;
  const field = fieldOf(screen);
  if (!field) {
    return;
  }
  const mirror = screen.querySelector("[data-mirror]");
  const follow = () => {
    if (field.dataset.typed === "digits") {
      const digits = field.value.replace(/\D/g, "");
      if (digits !== field.value) {
        field.value = digits;
      }
    }
    if (mirror) {
      mirror.textContent = inPattern(field.dataset.pattern, field.value);
    }
  };
  field.addEventListener("input", follow);
  follow();
}

function setCapitals(screen, button, on) {
  if (!button) {
    return;
  }
  capitals = on;
  button.setAttribute("aria-pressed", String(on));
  for (const key of screen.querySelectorAll(".letters [data-key]")) {
    if (/^[a-z]$/.test(key.dataset.key)) {
      key.textContent = on ? key.dataset.key.toUpperCase() : key.dataset.key;
    }
  }
}

function inPattern(pattern, digits) {
  const left = [...digits];
  const shown = pattern.replace(/#/g, () => left.shift() ?? "_");
  return shown + left.join("");
}
