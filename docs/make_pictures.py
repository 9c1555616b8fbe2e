"""Make the pictures of the docs, from made heads of the template alone: `python docs/make_pictures.py`.

The README's picture of heads before and after, and a contact sheet of each recipe.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from defacto import anatomy, deface, render
from defacto.config import Settings
from defacto.io import volume
from defacto.simulate.cards import collect_cards
from defacto.simulate.recipe import read_recipe
from defacto.simulate.sheet import draw_sheet
from defacto.simulate.study import make_study
from defacto.types import Picture, Scan

NAMES = ("sub-01_T1w", "sub-03_PDw", "sub-04_ce-gadolinium_T1w", "sub-05_T1w")
SIZE_PX = 190
SHEETS = {"renders-24k": 4, "volumes-2656": 4, "planes": 4, "anatomy": 4}
SHEET_SEED = 3


def defaced(scan: Scan) -> Scan:
    """Return the scan without its face."""
    settings = Settings()
    context = anatomy.locate(scan, settings.anatomy)
    removal = deface.METHODS["template"].removal(scan, context, settings.deface)
    return deface.apply(scan, removal)


def view(scan: Scan) -> Picture:
    """Return a head from the front left."""
    return render.surface_views(scan.volume, scan.grid, size=SIZE_PX)["left"]


def write_sheets(folder: Path) -> None:
    """Write a contact sheet of each recipe."""
    for name, columns in SHEETS.items():
        cards = collect_cards(read_recipe(name), count=12, seed=SHEET_SEED)
        sheet = Image.fromarray(draw_sheet(cards, columns))
        sheet.quantize(96, dither=Image.Dither.NONE).save(folder / f"sheet_{name}.png", optimize=True)


def main() -> None:
    """Write the pictures; in the README's, a column for each head, the defaced one below."""
    write_sheets(Path(__file__).parent / "images")
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
