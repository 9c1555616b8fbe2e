"use strict";
// The table of all scans: sort by a column, filter by state and text, and draw a part of the rows at a time.
(function () {
  const table = document.getElementById("table");
  if (!table) return;
  const STEP = 200;
  const body = table.tBodies[0];
  const find = document.getElementById("find");
  const state = document.getElementById("state");
  const shown = document.getElementById("shown");
  const more = document.getElementById("more");
  const collator = new Intl.Collator("en", { numeric: true });
  const all = Array.from(body.rows, (row) => ({ row, text: row.textContent.toLowerCase(), keys: [] }));
  let rows = all;
  let matching = all;
  let drawn = STEP;

  function key(each, column) {
    if (!(column in each.keys)) {
      const text = each.row.cells[column].textContent.trim();
      const value = parseFloat(text.replace(/,/g, ""));
      each.keys[column] = { text, value, number: /^[-\d.]/.test(text) && !Number.isNaN(value) };
    }
    return each.keys[column];
  }

  function compare(a, b, column, sign) {
    const p = key(a, column);
    const q = key(b, column);
    if (!p.text || !q.text) return (q.text ? 1 : 0) - (p.text ? 1 : 0);
    if (column > 2 && p.number !== q.number) return p.number ? 1 : -1;
    if (column > 2 && p.number) return sign * (p.value - q.value);
    return sign * collator.compare(p.text, q.text);
  }

  function draw() {
    body.textContent = "";
    body.append(...matching.slice(0, drawn).map((each) => each.row));
    const visible = Math.min(drawn, matching.length);
    const part = visible < matching.length ? visible.toLocaleString("en") + " of " : "";
    const word = matching.length === 1 ? " scan" : " scans";
    shown.textContent = part + matching.length.toLocaleString("en") + word + (matching.length < all.length ? " match" + (matching.length === 1 ? "es" : "") : "");
    more.parentElement.hidden = visible === matching.length;
  }

  function filter() {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    matching = rows.filter(
      (each) => (!state.value || each.row.dataset.s === state.value) && words.every((word) => each.text.includes(word))
    );
    drawn = STEP;
    draw();
  }

  function sort(header, column) {
    const first = column > 2 ? "descending" : "ascending";
    const other = column > 2 ? "ascending" : "descending";
    const way = header.getAttribute("aria-sort") === first ? other : first;
    for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", way);
    rows = all.slice().sort((a, b) => compare(a, b, column, way === "ascending" ? 1 : -1));
    filter();
  }

  Array.from(table.tHead.rows[0].cells, (header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    button.addEventListener("click", () => sort(header, column));
    header.append(button);
  });
  for (const link of document.querySelectorAll("a[data-state]")) {
    link.addEventListener("click", () => {
      state.value = link.dataset.state;
      filter();
    });
  }
  find.addEventListener("input", filter);
  state.addEventListener("change", filter);
  more.addEventListener("click", () => {
    drawn += 5 * STEP;
    draw();
  });
  document.querySelector(".filter").hidden = false;
  draw();
})();
