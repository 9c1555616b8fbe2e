// A scan's page: before and after under a slider, and how another attempt would cut.
// @ts-check
import { byId, post, tell } from "./desk.js";

for (const details of document.querySelectorAll("details.compare")) {
  details.addEventListener("toggle", () => {
    for (const image of details.querySelectorAll("img[data-src]")) {
      /** @type {HTMLImageElement} */ (image).src = /** @type {HTMLElement} */ (image).dataset.src ?? "";
      image.removeAttribute("data-src");
    }
  });
}
for (const slider of document.querySelectorAll(".slider")) {
  const range = /** @type {HTMLInputElement} */ (slider.querySelector("input"));
  range.addEventListener("input", () => /** @type {HTMLElement} */ (slider).style.setProperty("--at", `${range.value}%`));
}

for (const details of /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll("details.in-3d"))) {
  details.addEventListener(
    "toggle",
    async () => {
      const status = /** @type {HTMLElement} */ (details.querySelector("[role=status]"));
      const blend = /** @type {HTMLElement} */ (details.querySelector(".blend"));
      try {
        const { showVolume } = await import("/static/volume.js");
        const canvas = /** @type {HTMLCanvasElement} */ (details.querySelector("canvas"));
        const { after, before } = details.dataset;
        const mix = await showVolume(canvas, String(after), before ?? null);
        status.textContent = "Drag or press an arrow to turn; click, use the wheel, Shift and arrows, or Page Up and Down to move through it.";
        blend.hidden = !before;
        const range = /** @type {HTMLInputElement} */ (blend.querySelector("input"));
        range.addEventListener("input", () => mix(Number(range.value) / 100));
      } catch (error) {
        status.textContent = `It cannot be shown here: ${/** @type {Error} */ (error)?.message ?? "the browser draws no 3D"}.`;
      }
    },
    { once: true }
  );
}

const form = /** @type {HTMLFormElement|null} */ (byId("ask"));
const button = /** @type {HTMLButtonElement|null} */ (byId("preview"));
if (form && button) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
    const number = (/** @type {string} */ name) => Number(field(name).value);
    button.disabled = true;
    button.textContent = "Cutting in memory …";
    try {
      const parameters = {
        method: field("method").value,
        ears: field("ears").checked,
        nudge_mm: [number("nudge_right"), number("nudge_anterior"), number("nudge_superior")],
        brain_margin_mm: number("brain_margin_mm"),
        bias_correction: field("bias_correction").checked,
        fraction: number("fraction"),
      };
      show(await post("/api/preview", { token: form.dataset.token, parameters }));
    } catch (error) {
      tell(/** @type {Error} */ (error).message, 8000);
    }
    button.disabled = false;
    button.textContent = "Show how it cuts";
  });
}

/** @param {{word: string, reasons: string[], removed: string|null, pictures: Record<string, string>}} got */
function show(got) {
  const place = byId("previewed");
  const title = document.createElement("h3");
  title.textContent = `It would come out as: ${got.word}.${got.removed ? ` ${got.removed} of the head would be removed.` : ""}`;
  const why = document.createElement("p");
  why.textContent = got.reasons.join(" ");
  const views = document.createElement("div");
  views.className = "pictures";
  for (const role of ["render_left", "render_front", "render_right", "slices"]) {
    const figure = document.createElement("figure");
    figure.className = role;
    const image = new Image();
    image.alt = role.replace("_", " ");
    image.src = toUrl(got.pictures[role]);
    figure.append(image);
    views.append(figure);
  }
  place.replaceChildren(title, why, views);
  place.hidden = false;
  place.scrollIntoView({ block: "nearest" });
}

/** @param {string} base64 */
export function toUrl(base64) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  return URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
}
