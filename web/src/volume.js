// A scan in 3D and in slices, by NiiVue, in a canvas of the page.
// @ts-check
import { MULTIPLANAR_TYPE, Niivue, SLICE_TYPE } from "@niivue/niivue";

/** Degrees to turn by. @type {Record<string, number[]>} */
const TURNS = { ArrowLeft: [-10, 0], ArrowRight: [10, 0], ArrowUp: [0, 10], ArrowDown: [0, -10] };
/** Voxels to move by, with Shift where a key turns too. @type {Record<string, number[]>} */
const MOVES = {
  ArrowLeft: [-1, 0, 0], ArrowRight: [1, 0, 0], ArrowUp: [0, 1, 0], ArrowDown: [0, -1, 0], PageUp: [0, 0, 1], PageDown: [0, 0, -1],
};

/**
 * Show the result of an attempt, and over it the original where it was given.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {string} after Address of the defaced volume.
 * @param {string|null} before Address of the original.
 * @returns {Promise<(share: number) => void>} Sets how much of the original is seen, 0 to 1.
 */
export async function showVolume(canvas, after, before) {
  const view = new Niivue({
    backColor: [0.08, 0.09, 0.11, 1],
    show3Dcrosshair: true,
    dragAndDropEnabled: false,
    isOrientCube: false,
    loadingText: "",
  });
  await view.attachToCanvas(canvas);
  view.setSliceType(SLICE_TYPE.MULTIPLANAR);
  view.opts.multiplanarShowRender = 1;
  view.setMultiplanarLayout(MULTIPLANAR_TYPE.GRID);
  const volumes = [{ url: after, name: "after.nii", colormap: "gray", opacity: 1 }];
  if (before) volumes.push({ url: before, name: "before.nii", colormap: "gray", opacity: 0 });
  await view.loadVolumes(volumes);
  canvas.addEventListener("keydown", (event) => {
    const turn = TURNS[event.key];
    const move = MOVES[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (move && (event.shiftKey || !turn)) view.moveCrosshairInVox(move[0], move[1], move[2]);
    else if (turn) view.setRenderAzimuthElevation(view.scene.renderAzimuth + turn[0], view.scene.renderElevation + turn[1]);
    else return;
    event.preventDefault();
  });
  return (share) => {
    if (before) view.setOpacity(1, share);
  };
}
