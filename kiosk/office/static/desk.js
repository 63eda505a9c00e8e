// The desk's box is where the hands are: it has the focus, a tap or a typed sign goes into it, Escape comes back to it.

const box = document.getElementById("desk-q");

function back() {
  box.focus();
  box.select();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    event.preventDefault();
    back();
    return;
  }
  const types = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (types && document.activeElement === document.body) {
    // What a reader sends while nothing has the focus would be lost, beginning with its first sign.
    back();
  }
});

// What was asked before is no value of the box: what a reader sends while the page comes would be written into it.
box.focus();
