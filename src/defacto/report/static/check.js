"use strict";
// The cards: filter by outcome and text, and draw a part of them at a time.
(function () {
  const STEP = 60;
  const list = document.getElementById("cards");
  const find = document.getElementById("find");
  const outcome = document.getElementById("outcome");
  const shown = document.getElementById("shown");
  const more = document.getElementById("more");
  const all = Array.from(list.children, (card) => ({ card, text: card.textContent.toLowerCase() }));
  let matching = all;
  let drawn = STEP;

  function draw() {
    list.replaceChildren(...matching.slice(0, drawn).map((each) => each.card));
    const visible = Math.min(drawn, matching.length);
    const part = visible < matching.length ? visible.toLocaleString("en") + " of " : "";
    shown.textContent = part + matching.length.toLocaleString("en") + (matching.length === 1 ? " scan" : " scans");
    more.parentElement.hidden = visible === matching.length;
  }

  function filter() {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    matching = all.filter(
      (each) => (!outcome.value || each.card.dataset.o === outcome.value) && words.every((word) => each.text.includes(word))
    );
    drawn = STEP;
    draw();
  }

  for (const link of document.querySelectorAll("a[data-outcome]")) {
    link.addEventListener("click", () => {
      outcome.value = link.dataset.outcome;
      filter();
    });
  }
  find.addEventListener("input", filter);
  outcome.addEventListener("change", filter);
  more.addEventListener("click", () => {
    drawn += STEP;
    const from = list.children.length;
    list.append(...matching.slice(from, drawn).map((each) => each.card));
    draw();
  });
  document.querySelector(".filter").hidden = false;
  draw();
})();
