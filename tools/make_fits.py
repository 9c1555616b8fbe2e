"""Make src/defacto/simulate/data/fits.npz: how the known whole-head label maps lie over the template.

Run by a developer: ``python tools/make_fits.py LABELS_FOLDER`` (``../shared/data/labels``); ten minutes.
Only an affine matrix and a coarse deformation a map are kept, found again by a digest of the map: no label
map, nor the shape of anybody's face.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from defacto.simulate.base import load_base
from defacto.simulate.bases import FITS_FILE, LABEL_MAPS, SHIFT_UNIT_MM
from defacto.simulate.demons import fit
from defacto.simulate.fit import Fit
from defacto.simulate.labelmap import read_label_map


def save(fits: dict[str, Fit]) -> None:
    """Write the fits, shifts as whole multiples of a unit."""
    shifts = [np.rint(np.clip(each.shift_mm / SHIFT_UNIT_MM, -127, 127)) for each in fits.values()]
    np.savez_compressed(
        str(FITS_FILE),
        digests=np.array(list(fits)),
        to_template=np.stack([each.to_template for each in fits.values()]),
        shifts=np.stack(shifts).astype(np.int8),
    )


def main(folder: Path) -> None:
    """Fit all label maps of a folder."""
    template, fits = load_base(), {}
    for path in sorted(folder.glob(LABEL_MAPS)):
        labels = read_label_map(path)
        fits[labels.digest] = fit(labels, template)
        print(path.name, f"largest shift {np.abs(fits[labels.digest].shift_mm).max():.1f} mm", flush=True)
    save(fits)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
