// One scan at a time: a key answers, and the next scan is on the screen before the finger is off the key.
// @ts-check
import { byId, isTyping, leaveButton, newKey, outbox, pictures, post, showWaiting, tell } from "./desk.js";

/** @typedef {{token: string, code: string, number: number, may_pass: boolean, error: string|null, pictures: Record<string, string>}} Case */
/** @typedef {{each: Case, key: string, word: string, features: string[], note: string}} Said */

const VIEWS = ["render_left", "render_right", "slices", "render_front"];
const NEEDED = 3; // the front is beside them where a run has it
const AHEAD = 4;
const KEYS = /** @type {Record<string, string>} */ ({
  1: "pass", p: "pass", 2: "deep", d: "deep", 3: "shallow", s: "shallow", 4: "failure", f: "failure",
});
const TICKS = /** @type {Record<string, string[]>} */ ({
  e: ["left_eye", "right_eye"], n: ["nose"], m: ["mouth"], a: ["left_ear", "right_ear"],
});
const form = byId("manual");
const queue = form.dataset.queue;
/** @type {HTMLInputElement[]} */
const ticks = [...form.querySelectorAll("input[name=feature]")];
/** @type {HTMLButtonElement[]} */
const buttons = [...form.querySelectorAll(".words button")];
/** @type {Case|null} */
let now = null;
/** @type {Case[]} */
let next = [];
/** @type {Said[]} */
const said = [];
/** Answered or skipped, but perhaps not known to the server yet. @type {Set<string>} */
const onTheirWay = new Set();
/** The answer that is looked at again. @type {Said|null} */
let again = null;
let shownAt = 0;
let ready = false;

/** The largest picture of a view; runs of older versions have small ones. @param {Case} each @param {string} view */
const source = (each, view) => each.pictures[view.replace("render", "large")] ?? each.pictures[view];

/** @param {Case} each */
const sources = (each) => VIEWS.map((view) => source(each, view)).filter(Boolean);

/** Whether keys answer: not before every picture is there. @param {boolean} is */
function setReady(is) {
  ready = is;
  form.dataset.ready = is ? "yes" : "no";
}

/** Slices over the views, to see whether brain was lost. @param {boolean} large */
function zoom(large) {
  byId("work").classList.toggle("zoomed", large);
  byId("zoom").setAttribute("aria-pressed", String(large));
  byId("zoom").firstChild.textContent = large ? "Smaller " : "Larger ";
}

const zoomed = () => byId("work").classList.contains("zoomed");

/** @param {Case|null} each @param {Said|null} [looked] */
async function show(each, looked = null) {
  now = each;
  again = looked;
  setReady(false);
  zoom(false);
  byId("work").hidden = !each;
  byId("nothing").hidden = !!each;
  for (const tick of ticks) tick.checked = looked?.features.includes(tick.value) ?? false;
  byId("note").value = looked?.note ?? "";
  for (const button of buttons) button.classList.toggle("said", looked?.word === button.value);
  byId("back").hidden = byId("undo").hidden = said.length === 0 || !!looked;
  if (!each) return;
  buttons[0].disabled = !each.may_pass;
  byId("trouble").hidden = !each.error;
  byId("trouble").textContent = each.error ?? "";
  const urls = await Promise.all(
    VIEWS.map((view) => (source(each, view) ? pictures.get(source(each, view)).catch(() => "") : ""))
  );
  if (now !== each) return;
  VIEWS.forEach((view, place) => {
    if (urls[place]) byId(view).src = urls[place];
    else byId(view).removeAttribute("src");
  });
  setReady(true);
  buttons[0].disabled = !each.may_pass || urls.slice(0, NEEDED).some((url) => !url); // what cannot be seen is not passed
  shownAt = performance.now();
  pictures.keepOnly(new Set([each, ...next, ...said.slice(-1).map((one) => one.each)].flatMap(sources)));
}

/** @param {string} word */
function answer(word) {
  const each = now;
  if (!each || !ready || (word === "pass" && buttons[0].disabled)) return;
  const seconds = (performance.now() - shownAt) / 1000;
  const features = ticks.filter((tick) => tick.checked).map((tick) => tick.value);
  const note = byId("note").value;
  const key = newKey();
  if (again) said.splice(said.indexOf(again), 1);
  said.push({ each, key, word, features, note });
  onTheirWay.add(each.token);
  leaveButton();
  const one = { token: each.token, number: each.number, word, key, features, note, seconds };
  byId("note").blur();
  const sent = outbox.put("/api/answers", { queue, answers: [one], more: AHEAD });
  show(next.shift() ?? null);
  sent
    .finally(() => onTheirWay.delete(each.token))
    .then((got) => {
      told(word, got.received[0]);
      return have(got);
    })
    .catch(fill);
}

/** @param {string} word @param {any} got */
function told(word, got) {
  const line = byId("after");
  if (got.refused) {
    tell(got.refused, 8000);
    line.textContent = `Not kept: ${got.refused}`;
    return;
  }
  const machine = got.machine;
  line.replaceChildren("You said ", bold(word), ` (now ${got.state}). `);
  if (!machine) return;
  const p = machine.p[machine.word];
  line.append("The machine: ", bold(machine.word), p === undefined ? "" : ` (${Math.round(100 * p)} %)`, ". ");
  if (got.agrees === false) {
    const differs = document.createElement("span");
    differs.className = "differs";
    differs.textContent = "You differ. ";
    line.append(differs);
  }
  line.append(machine.reasons.join(" "));
}

/** @param {string} text */
function bold(text) {
  const made = document.createElement("b");
  made.textContent = text;
  return made;
}

function skip() {
  const each = now;
  if (!each) return;
  onTheirWay.add(each.token);
  leaveButton();
  const sent = outbox.put("/api/skip", { token: each.token });
  show(next.shift() ?? null);
  sent.catch(() => {}).then(() => {
    onTheirWay.delete(each.token);
    fill();
  });
}

async function undo() {
  const last = said.pop();
  leaveButton();
  if (!last) return;
  try {
    await outbox.put("/api/undo", { of: last.key, key: newKey() });
  } catch {
    return;
  }
  if (now && now.token !== last.each.token) next.unshift(now);
  byId("after").replaceChildren(); // it told of the answer that is gone, and of the machine's opinion
  await show(last.each, null);
  tell("Taken back.");
  fill();
}

function back() {
  const last = said.at(-1);
  if (!last || again) return;
  leaveButton();
  if (now) next.unshift(now);
  show(last.each, last);
  tell(`You said ${last.word}. Say otherwise, or press Esc to go on.`);
}

function forth() {
  if (again) show(next.shift() ?? null);
}

/** Have a few scans behind the one on the screen. */
async function fill() {
  try {
    await have(await post("/api/take", { queue, count: AHEAD }));
  } catch (error) {
    tell(/** @type {Error} */ (error).message);
  }
}

/** @param {{cases: Case[], waiting: any}} got */
async function have(got) {
  showWaiting(got.waiting);
  byId("held").hidden = got.waiting[queue] === 0;
  const known = new Set([...(now ? [now.token] : []), ...onTheirWay]);
  const free = got.cases.filter((each) => !known.has(each.token));
  if (now) next = free;
  else {
    next = free.slice(1);
    await show(free[0] ?? null);
  }
  for (const src of next.flatMap(sources)) pictures.get(src).catch(() => {});
}

form.addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  const word = /** @type {HTMLButtonElement|null} */ (event.submitter)?.value;
  if (word === "skip") skip();
  else if (word) answer(word);
});
byId("undo").addEventListener("click", undo);
byId("back").addEventListener("click", back);
byId("zoom").hidden = false;
byId("zoom").addEventListener("click", () => {
  leaveButton();
  zoom(!zoomed());
});
byId("note").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
  if (event.key === "Enter") event.preventDefault();
  if (event.key === "Enter" || event.key === "Escape") byId("note").blur();
});
addEventListener("keydown", (event) => {
  if (isTyping(event) || event.repeat) return;
  const key = event.key.toLowerCase();
  if (KEYS[key]) answer(KEYS[key]);
  else if (TICKS[key]) {
    const boxes = ticks.filter((tick) => TICKS[key].includes(tick.value));
    const all = boxes.every((tick) => tick.checked);
    for (const box of boxes) box.checked = !all;
  } else if (key === "c") byId("note").focus();
  else if (key === "k") skip();
  else if (key === "u") undo();
  else if (key === "b") back();
  else if (key === "z") zoom(!zoomed());
  else if (key === "escape") zoomed() ? zoom(false) : forth();
  else return;
  event.preventDefault();
});
fill();
