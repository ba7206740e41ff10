"use strict";

// Tables: a click on a heading, or Enter or Space on it, sorts; once more turns the order round.
const words = new Intl.Collator(undefined, { numeric: true });

function valueOf(cell) {
  if (cell.classList.contains("none")) return null;
  return "v" in cell.dataset ? Number(cell.dataset.v) : cell.textContent;
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return words.compare(String(a), String(b));
}

function sort(heading) {
  const descending = heading.getAttribute("aria-sort") === "ascending";
  const body = heading.closest("table").tBodies[0];
  const rows = Array.from(body.rows, (row) => [valueOf(row.cells[heading.cellIndex]), row]);
  rows.sort(([a], [b]) => {
    if (a === null || b === null) return (a === null) - (b === null); // what is not known comes last, both ways
    return descending ? compare(b, a) : compare(a, b);
  });
  for (const other of heading.parentElement.cells) other.setAttribute("aria-sort", "none");
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
  body.append(...rows.map(([, row]) => row));
}

for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => sort(button.parentElement));
}

// Code: a button that copies it.
async function copy(button) {
  const code = button.parentElement.querySelector("code");
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(code); // a browser that lets no page copy: the reader's own copy takes it
    button.textContent = "Selected";
  }
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

for (const button of document.querySelectorAll(".copy")) {
  button.addEventListener("click", () => copy(button));
}

// Charts, one after the other, so that the page can be read meanwhile. Vega's interpreter (ast) runs expressions
// without making code of them, so that the page can forbid every script that is not its own.
function unpacked(data) {
  if (Array.isArray(data)) return data;
  return data.rows.map((row) => Object.fromEntries(data.columns.map((name, i) => [name, row[i]])));
}

const ERRORS = 1; // of Vega's levels: what it advises whoever made the charts is not for the reader
const LARGER = 1.35; // the charts are drawn in the sizes of print

async function draw(place) {
  const spec = JSON.parse(document.getElementById(place.dataset.spec).textContent);
  for (const name in spec.datasets) spec.datasets[name] = unpacked(spec.datasets[name]);
  const options = { mode: "vega-lite", ast: true, actions: false, renderer: "svg", defaultStyle: false, logLevel: ERRORS };
  try {
    await vegaEmbed(place, spec, options);
    const picture = place.querySelector("svg");
    picture.style.width = `${picture.width.baseVal.value * LARGER}px`;
    place.dataset.state = "drawn";
  } catch (error) {
    place.dataset.state = "failed";
    place.textContent = `This chart cannot be drawn: ${error.message}`;
    console.error(place.id, error);
  }
}

async function drawAll() {
  for (const place of document.querySelectorAll(".chart[data-spec]")) {
    await draw(place);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  document.documentElement.dataset.charts = "drawn";
}

drawAll();
