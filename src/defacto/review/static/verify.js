// The gallery: flag with the space bar, accept a page with Enter; the page after it is there already.
// @ts-check
import { byId, isTyping, leaveButton, newKey, outbox, pictures, post, showWaiting, tell } from "./desk.js";

/** @typedef {{token: string, code: string, number: number, pictures: Record<string, string>}} Case */

const VIEWS = ["render_left", "render_right"];
const LEAST = 12;
const MOST = 60;
const SHORTEST_MS = 350;
const SMALL_PX = 360;
const cards = byId("cards");
/** @type {Case[]} */
let page = [];
/** @type {Case[]} */
let next = [];
/** @type {{key: string, cases: Case[], flags: Set<string>} | null} */
let before = null;
/** Answered, but perhaps not known to the server yet. @type {Set<string>} */
const onTheirWay = new Set();
let here = 0;
let shownAt = 0;
let ready = false;
/** Whether cards are so large that small pictures would be blurred. */
let large = false;

/** How many cards fit, and in how many columns they are largest. @returns {{count: number, columns: number}} */
function fit() {
  const { width, height } = cards.getBoundingClientRect();
  const high = Math.max(height, 300);
  let count = Math.floor(width / 300) * Math.floor(high / 155);
  count = Math.max(LEAST, Math.min(MOST, count));
  const columns = columnsFor(count, width, high);
  return { count: Math.max(LEAST, count - (count % columns)), columns };
}

/** @param {number} count @param {number} width @param {number} height */
function columnsFor(count, width, height) {
  let best = { columns: 1, size: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const size = Math.min(width / columns / 2, height / Math.ceil(count / columns));
    if (size > best.size) best = { columns, size };
  }
  return best.columns;
}

/** @param {Case} each */
const sources = (each) =>
  VIEWS.map((view) => (large && each.pictures[view.replace("render", "large")]) || each.pictures[view]).filter(Boolean);

/** Whether Enter accepts: not before every picture is there. @param {boolean} is */
function setReady(is) {
  ready = is;
  byId("gallery").dataset.ready = is ? "yes" : "no";
}

/** @param {Case[]} cases @param {Set<string>} flags */
async function draw(cases, flags = new Set()) {
  page = cases;
  here = 0;
  setReady(false);
  byId("nothing").hidden = cases.length > 0;
  byId("accept").hidden = cases.length === 0;
  const { width, height } = cards.getBoundingClientRect();
  const columns = columnsFor(Math.max(cases.length, LEAST), width, Math.max(height, 300));
  large = (width / columns / 2) * devicePixelRatio > SMALL_PX;
  if (cases.length) cards.style.setProperty("--columns", String(columns));
  const made = cases.map((each, place) => card(each, place, flags.has(each.token)));
  cards.replaceChildren(...made.map((one) => one.card));
  mark();
  await Promise.all(made.map((one) => one.loaded));
  if (page === cases) {
    setReady(true);
    shownAt = performance.now();
    pictures.keepOnly(new Set([...page, ...next].flatMap(sources)));
  }
}

/** @param {Case} each @param {number} place @param {boolean} flagged */
function card(each, place, flagged) {
  const label = document.createElement("label");
  label.className = "case";
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = flagged;
  box.tabIndex = -1;
  box.setAttribute("aria-label", `Flag scan ${each.code}`);
  box.addEventListener("change", () => {
    here = place;
    mark();
  });
  const pair = document.createElement("span");
  pair.className = "pair";
  const wanted = sources(each);
  const loaded = Promise.all(
    wanted.map(async (src) => {
      const image = new Image();
      image.alt = `Scan ${each.code}`;
      pair.append(image);
      image.src = await pictures.get(src);
      await image.decode();
    })
  )
    .then(() => wanted.length === VIEWS.length)
    .catch(() => false)
    .then((whole) => {
      if (!whole) {
        box.checked = true; // what cannot be seen is not passed
        label.classList.add("missing");
        mark();
      }
    });
  const flag = document.createElement("span");
  flag.className = "mark";
  flag.textContent = "flagged";
  label.append(box, pair, flag);
  return { card: label, loaded };
}

function mark() {
  const all = [...cards.children];
  all.forEach((each, place) => each.classList.toggle("here", place === here));
  const flagged = cards.querySelectorAll("input:checked").length;
  byId("accept").firstChild.textContent = `Accept ${page.length - flagged}${flagged ? `, flag ${flagged}` : ""} `;
}

/** @param {string} key */
function move(key) {
  const columns = getComputedStyle(cards).gridTemplateColumns.split(" ").length;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key] ?? 0;
  if (here + step >= 0 && here + step < page.length) here += step;
  mark();
}

async function accept() {
  if (!ready || !page.length || performance.now() - shownAt < SHORTEST_MS) return;
  const seconds = (performance.now() - shownAt) / 1000 / page.length;
  const boxes = [...cards.querySelectorAll("input")];
  const flags = new Set(page.filter((_, place) => boxes[place].checked).map((each) => each.token));
  const key = newKey();
  before = { key, cases: page, flags };
  const answers = page.map((each) => ({
    token: each.token,
    number: each.number,
    word: flags.has(each.token) ? "flag" : "pass",
    key,
    seconds,
  }));
  const sentNow = page.map((each) => each.token);
  for (const token of sentNow) onTheirWay.add(token);
  leaveButton();
  const passed = page.length - flags.size;
  tell(`${passed} accepted, ${flags.size} flagged. Press u to take them back.`);
  byId("undo").hidden = false;
  const { count } = fit();
  const sent = outbox.put("/api/answers", { queue: "verify", page: key, answers, more: 2 * count });
  if (next.length) draw(next.splice(0));
  else {
    setReady(false);
    cards.replaceChildren();
    page = [];
  }
  const said = await sent.catch(() => null);
  for (const token of sentNow) onTheirWay.delete(token);
  const refused = said?.received.filter((/** @type {any} */ each) => each.refused) ?? [];
  if (refused.length) tell(`${refused.length} not kept: ${refused[0].refused}`, 8000);
  if (said) await have(said, count);
  else await fill();
}

async function undo() {
  if (!before) return;
  const { key, cases, flags } = before;
  before = null;
  byId("undo").hidden = true;
  leaveButton();
  try {
    await outbox.put("/api/undo", { of: key, key: newKey() });
    const count = fit().count;
    next = [...page, ...next].slice(0, count);
    await draw(cases, flags);
    tell("Taken back.");
    showWaiting(await (await fetch("/api/waiting", { headers: { "x-desk-form": formToken() } })).json());
  } catch {
    await fill();
  }
}

const formToken = () => /** @type {HTMLInputElement} */ (document.querySelector("input[name=form]")).value;

/** Have a page on the screen and one behind it. */
async function fill() {
  const { count } = fit();
  try {
    await have(await post("/api/take", { queue: "verify", count: 2 * count }), count);
  } catch (error) {
    tell(/** @type {Error} */ (error).message);
  }
}

/** @param {{cases: Case[], waiting: any}} said @param {number} count */
async function have(said, count) {
  showWaiting(said.waiting);
  byId("held").hidden = said.waiting.verify === 0;
  const shown = new Set(page.map((each) => each.token));
  const others = said.cases.filter((each) => !shown.has(each.token) && !onTheirWay.has(each.token));
  if (!page.length) await draw(others.splice(0, count));
  next = others.slice(0, count);
  for (const src of next.flatMap(sources)) pictures.get(src).catch(() => {});
}

byId("gallery").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  accept();
});
byId("undo").addEventListener("click", undo);
addEventListener("keydown", (event) => {
  if (isTyping(event)) return;
  if (event.key.startsWith("Arrow")) move(event.key);
  else if (event.key === " ") {
    const box = cards.querySelectorAll("input")[here];
    if (box) box.checked = !box.checked;
    mark();
  } else if (event.key === "Enter" && !event.repeat) accept();
  else if (event.key === "u") undo();
  else return;
  event.preventDefault();
});
addEventListener("resize", () => {
  if (page.length) {
    const { width, height } = cards.getBoundingClientRect();
    cards.style.setProperty("--columns", String(columnsFor(Math.max(page.length, LEAST), width, height)));
  }
});
cards.replaceChildren();
fill();
