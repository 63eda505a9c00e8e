// A receipt prints itself when its button is pressed, or when the page that holds it says so.

document.querySelector('[data-part="print"]').addEventListener("click", () => window.print());
