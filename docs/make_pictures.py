"""Make the README's picture from made heads, before and after: `python docs/make_pictures.py`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from defacto import anatomy, deface, render
from defacto.config import Settings
from defacto.io import volume
from defacto.simulate.study import make_study
from defacto.types import Picture, Scan

NAMES = ("sub-01_T1w", "sub-03_PDw", "sub-04_ce-gadolinium_T1w", "sub-05_T1w")
SIZE_PX = 190


def defaced(scan: Scan) -> Scan:
    """Return the scan without its face."""
    settings = Settings()
    context = anatomy.locate(scan, settings.anatomy)
    removal = deface.METHODS["template"].removal(scan, context, settings.deface)
    return deface.apply(scan, removal)


def view(scan: Scan) -> Picture:
    """Return a head from the front left."""
    return render.surface_views(scan.volume, scan.grid, size=SIZE_PX)["left"]


def main() -> None:
    """Write the picture: a column for each head, the defaced one below."""
    columns = []
    with tempfile.TemporaryDirectory() as folder:
        make_study(Path(folder))
        for name in NAMES:
            path = Path(folder) / name.split("_")[0] / "anat" / f"{name}.nii.gz"
            scan = volume.read(path)
            columns.append(np.concatenate([view(scan), view(defaced(scan))], axis=0))
    path = Path(__file__).parent / "images" / "before_after.png"
    render.write_png(path, np.concatenate(columns, axis=1))


if __name__ == "__main__":
    main()
