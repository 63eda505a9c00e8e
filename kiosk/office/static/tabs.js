// Rows of tabs that scroll sideways begin with the current one in sight.

for (const current of document.querySelectorAll(".subbar [aria-current], .chips [aria-current]")) {
  const row = current.parentElement;
  row.scrollLeft = current.offsetLeft - row.offsetLeft - (row.clientWidth - current.offsetWidth) / 2;
}
