// A scan in 3D and in slices, by NiiVue, in a canvas of the page.
// @ts-check
import { MULTIPLANAR_TYPE, Niivue, SLICE_TYPE } from "@niivue/niivue";

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
  return (share) => {
    if (before) view.setOpacity(1, share);
  };
}
