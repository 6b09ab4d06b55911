// Narrows the list of all cases, and the failing cases above it, to what was typed and chosen.
const find = document.getElementById("find"), which = document.getElementById("which");
const rows = [...document.querySelectorAll(".list tbody tr")].map(row => [row, row.textContent.toLowerCase()]);
const heads = [...document.querySelectorAll(".case")].map(each => [each, each.querySelector("header").textContent.toLowerCase()]);
const count = document.getElementById("count");
function narrow() {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean), outcome = which.value;
  const fits = (of, text) => words.every(word => text.includes(word)) && (!outcome || of.classList.contains(outcome));
  let shown = 0;
  for (const [row, text] of rows) {
    row.hidden = !fits(row, text);
    shown += !row.hidden;
  }
  for (const table of document.querySelectorAll(".list")) table.hidden = !table.querySelector("tbody tr:not([hidden])");
  for (const [each, text] of heads) each.hidden = !fits(each, text);
  count.textContent = `${shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")} cases`;
}
let waiting = 0;
find.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(narrow, 150); });
which.addEventListener("change", narrow);
document.getElementById("filter").hidden = false;
