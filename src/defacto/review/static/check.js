// Drop a scan, get an answer; the file goes to the server's memory and nowhere else.
// @ts-check
import { byId, tell } from "./desk.js";
import { toUrl } from "./scan.js";

const drop = byId("drop");
const place = byId("checked");
const form = /** @type {HTMLMetaElement} */ (document.querySelector("meta[name=form]")).content;
drop.hidden = false;

/** @param {File} file */
async function check(file) {
  place.textContent = "Looking at it …";
  try {
    const answer = await fetch("/api/check", {
      method: "POST",
      headers: { "content-type": "application/octet-stream", "x-desk-form": form },
      body: file,
    });
    const got = await answer.json();
    if (!answer.ok) throw new Error(got.detail);
    show(got);
  } catch (error) {
    place.textContent = "";
    tell(/** @type {Error} */ (error).message || "The file could not be sent.", 10000);
  }
}

/** @param {any} got */
function show(got) {
  const title = document.createElement("h2");
  const word = document.createElement("span");
  word.className = `word k-${got.word === "unsure" ? "not-sure" : got.word}`;
  word.textContent = got.meaning;
  const means = document.createElement("span");
  means.className = "means";
  means.textContent = got.word === "unsure" ? "not sure" : got.word;
  title.append(word, " ", means);
  const list = document.createElement("ul");
  list.className = "reasons";
  for (const reason of got.reasons) list.append(Object.assign(document.createElement("li"), { textContent: reason }));
  const p = document.createElement("p");
  p.className = "aside";
  const shares = Object.entries(got.probabilities).map(([outcome, share]) => `${outcome} ${Math.round(100 * Number(share))} %`);
  p.textContent = `${got.model}: ${shares.join(", ")}. ${got.seconds} s.`;
  const views = document.createElement("div");
  views.className = "pictures";
  for (const role of ["left", "front", "right", "slices", "class_maps"]) {
    if (!got.pictures[role]) continue;
    const figure = document.createElement("figure");
    figure.className = role;
    const image = new Image();
    image.alt = role.replace("_", " ");
    image.src = toUrl(got.pictures[role]);
    const caption = document.createElement("figcaption");
    caption.textContent = role === "class_maps" ? "What speaks for each answer (orange) and against it (blue)" : role[0].toUpperCase() + role.slice(1);
    figure.append(image, caption);
    views.append(figure);
  }
  place.replaceChildren(title, list, p, views);
}

drop.addEventListener("change", (/** @type {Event} */ event) => {
  const file = /** @type {HTMLInputElement} */ (event.target).files?.[0];
  if (file) check(file);
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  drop.addEventListener(kind, (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    drop.classList.toggle("over", kind === "dragover");
    const file = kind === "drop" ? event.dataTransfer?.files[0] : null;
    if (file) check(file);
  });
}
