// What all pages share: asking the server, what is still to be sent, help, theme, times in the reader's zone.
// @ts-check

/** @param {string} name */
const meta = (name) => /** @type {HTMLMetaElement|null} */ (document.querySelector(`meta[name="${name}"]`))?.content ?? "";

/** @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);

/** Say something for a few seconds. @param {string} text @param {number} [ms] */
export function tell(text, ms = 4500) {
  const told = byId("told");
  told.textContent = text;
  told.hidden = false;
  clearTimeout(Number(told.dataset.timer));
  told.dataset.timer = String(setTimeout(() => (told.hidden = true), ms));
}

/** A name for an answer, that no other has. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");
}

export class Refused extends Error {
  /** @param {number} status @param {string} said */
  constructor(status, said) {
    super(said);
    this.status = status;
  }
}

/** Send JSON, return JSON. @param {string} path @param {object} body @returns {Promise<any>} */
export async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", "x-desk-form": meta("form") },
    body: JSON.stringify(body),
    credentials: "same-origin",
  });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, said.detail || `The server answered ${answer.status}.`);
  return said;
}

/** @typedef {{who: string, path: string, body: any}} Letter */

/**
 * Answers on their way. Each is sent until the server has it, in order; a key in it makes sure that it counts once.
 * They outlive a reload and a dropped network, but not another person signing in.
 */
class Outbox {
  constructor() {
    /** @type {Letter[]} */
    this.letters = JSON.parse(sessionStorage.getItem("outbox") || "[]").filter((/** @type {Letter} */ l) => l.who === meta("who"));
    /** @type {Map<Letter, {done: (value: any) => void, failed: (error: Error) => void}>} */
    this.waiting = new Map();
    this.sending = false;
    if (this.letters.length) this.send();
  }

  /** @param {string} path @param {object} body @returns {Promise<any>} */
  put(path, body) {
    const letter = { who: meta("who"), path, body };
    this.letters.push(letter);
    this.keep();
    return new Promise((done, failed) => {
      this.waiting.set(letter, { done, failed });
      this.send();
    });
  }

  keep() {
    sessionStorage.setItem("outbox", JSON.stringify(this.letters));
    const unsent = byId("unsent");
    if (unsent) {
      unsent.hidden = !this.stuck || !this.letters.length;
      unsent.textContent = `${this.letters.length} not sent yet; trying again`;
    }
  }

  stuck = false;

  async send() {
    if (this.sending) return;
    this.sending = true;
    let pause = 500;
    while (this.letters.length) {
      const letter = this.letters[0];
      try {
        const said = await post(letter.path, letter.body);
        this.stuck = false;
        this.letters.shift();
        this.waiting.get(letter)?.done(said);
      } catch (error) {
        const status = error instanceof Refused ? error.status : 0;
        if (status === 401) tell("You are signed out. Sign in again in this tab; your answers are kept.", 60000);
        if (status >= 400 && status < 500 && status !== 401 && status !== 429) {
          this.letters.shift();
          tell(/** @type {Error} */ (error).message, 8000);
          this.waiting.get(letter)?.failed(/** @type {Error} */ (error));
        } else {
          this.stuck = true;
          this.keep();
          await new Promise((go) => setTimeout(go, pause));
          pause = Math.min(10000, pause * 2);
        }
      }
      this.keep();
    }
    this.sending = false;
  }
}

export const outbox = new Outbox();
addEventListener("beforeunload", (event) => {
  if (outbox.letters.length) event.preventDefault();
});

/**
 * Pictures held in this page's memory alone, so that the next one is there before it is wanted.
 * The server forbids the browser to keep any of them.
 */
class Pictures {
  constructor() {
    /** @type {Map<string, Promise<string>>} */
    this.held = new Map();
  }

  /** @param {string} src @returns {Promise<string>} */
  get(src) {
    let found = this.held.get(src);
    if (!found) {
      found = fetch(src, { credentials: "same-origin" }).then(async (answer) => {
        if (!answer.ok) throw new Refused(answer.status, "A picture is missing.");
        const url = URL.createObjectURL(await answer.blob());
        const image = new Image();
        image.src = url;
        await image.decode();
        return url;
      });
      found.catch(() => this.held.delete(src));
      this.held.set(src, found);
    }
    return found;
  }

  /** Forget all but these. @param {Set<string>} wanted */
  keepOnly(wanted) {
    for (const [src, url] of this.held) {
      if (!wanted.has(src)) {
        this.held.delete(src);
        url.then((made) => URL.revokeObjectURL(made)).catch(() => {});
      }
    }
  }
}

export const pictures = new Pictures();

/** Take the focus from a button that was clicked: the next key is meant for the next scan. */
export function leaveButton() {
  if (document.activeElement instanceof HTMLButtonElement) document.activeElement.blur();
}

/** @param {{verify: number, manual: number, lead: number}} waiting */
export function showWaiting(waiting) {
  for (const [queue, amount] of Object.entries(waiting)) {
    const place = document.querySelector(`[data-waiting="${queue}"]`);
    if (place) place.textContent = amount.toLocaleString("en");
  }
}

/** Whether a key press is meant for a field, or for the link or button that has the focus. @param {KeyboardEvent} event */
export function isTyping(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  if ((event.key === "Enter" || event.key === " ") && target.closest("a, button, summary")) return true;
  const typed = target instanceof HTMLInputElement && !["checkbox", "range", "file"].includes(target.type);
  return event.ctrlKey || event.metaKey || event.altKey || typed || target instanceof HTMLSelectElement || byId("keys").open;
}

function flipTheme() {
  const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  document.cookie = `theme=${next}; path=/; max-age=31536000; samesite=strict`;
}

for (const time of document.querySelectorAll("time[datetime]")) {
  const moment = new Date(/** @type {HTMLTimeElement} */ (time).dateTime);
  time.textContent = moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
for (const id of ["theme", "help"]) if (byId(id)) byId(id).hidden = false;
byId("theme")?.addEventListener("click", (/** @type {MouseEvent} */ event) => {
  if (event.detail) leaveButton();
  flipTheme();
});
byId("help")?.addEventListener("click", (/** @type {MouseEvent} */ event) => {
  byId("keys").dataset.mouse = event.detail ? "yes" : "no";
  byId("keys").showModal();
});
// A closed dialog gives the focus back to the button; after the mouse, the space bar is meant for the scan.
byId("keys")?.addEventListener("close", () => byId("keys").dataset.mouse === "yes" && leaveButton());
addEventListener("keydown", (event) => {
  if (event.key === "?" && !isTyping(event)) byId("keys").showModal();
  else if (event.key === "t" && !isTyping(event)) flipTheme();
});
