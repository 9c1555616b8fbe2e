"""The plane of `shear`, beside that of the package quickshear."""

import warnings

import nibabel as nib
import numpy as np
import pytest

from anatomy.heads import known_context, motion, moved_scan
from defacto.anatomy.resample import carry
from defacto.config import DefaceSettings
from defacto.deface import METHODS
from defacto.deface.shear import shear_mm
from defacto.errors import StepError
from defacto.types import Grid

quickshear = pytest.importorskip("quickshear", reason="pip install quickshear to compare with it").quickshear

SIDE = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, 1.0]])


def made_on(shape, size_mm):
    """Return the brain of the template on other voxels, and their grid."""
    affine = np.diag([*size_mm, 1.0])
    affine[:3, 3] = -np.array(size_mm) * shape / 2 + [0, -12, 0]
    grid = Grid(shape, affine)
    scan = moved_scan(np.eye(4))
    context = known_context(scan.grid)
    brain_mm = carry(context.brain_mm, scan.grid, grid, np.eye(4), fill=None)
    return np.asarray(brain_mm < 0), grid


def theirs(brain, grid, buffer):
    """Return what the package removes."""
    image = nib.Nifti1Image(np.ones(grid.shape, np.uint8), grid.affine)
    mask = nib.Nifti1Image(brain.astype(np.uint8), grid.affine)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(quickshear(image, mask, buffer).dataobj) == 0


def in_front_and_below(grid):
    """Return voxels where a face is: in front of and below the brain."""
    i, j, k = np.ogrid[tuple(slice(0, n) for n in grid.shape)]
    y, z = (grid.affine[n, n] * a + grid.affine[n, 3] for n, a in ((1, j), (2, k)))
    return (np.zeros_like(i) + (y > 75) * (y < 105) * (z < -45) * (z > -75)).astype(bool)


@pytest.mark.parametrize(("size", "count"), [(1.0, 240), (1.2, 200), (1.5, 160)])
def test_on_cubic_voxels_ours_and_the_package_agree_to_one_percent(size, count):
    brain, grid = made_on((count, count, count), (size, size, size))
    one, other = shear_mm(brain, grid, SIDE, 10 * size) > 0, theirs(brain, grid, 10)
    assert np.count_nonzero(one ^ other) < 0.01 * np.count_nonzero(other)


def test_on_thick_slices_only_ours_takes_the_face():
    """The package counts the rows of its plane along the wrong axis: of 256 rows it knows 30."""
    brain, grid = made_on((256, 256, 30), (1.0, 1.0, 6.0))
    face = in_front_and_below(grid)
    assert face.sum() > 1000
    assert (shear_mm(brain, grid, SIDE, 10.0) > 0)[face].mean() > 0.99
    flipped = Grid(grid.shape, np.diag([1.0, -1.0, 1.0, 1.0]) @ grid.affine)
    left = [theirs(brain, each, 10 / 6)[face].mean() for each in (grid, flipped)]
    assert min(left) < 0.5


def test_a_buffer_is_measured_in_mm_whatever_the_voxels():
    fine, grid = made_on((200, 200, 200), (1.2, 1.2, 1.2))
    thick, other = made_on((200, 200, 40), (1.2, 1.2, 6.0))
    for brain, voxels in ((fine, grid), (thick, other)):
        one, deeper = (shear_mm(brain, voxels, SIDE, mm) for mm in (10.0, 4.0))
        assert np.allclose(deeper - one, 6.0, atol=2e-3)


@pytest.mark.parametrize("turn", [(0, 0, 25), (20, 0, 0), (0, 15, 0), (10, -10, 30)])
def test_a_tilted_head_is_cut_as_an_upright_one(turn):
    moved = motion(turn)
    settings = DefaceSettings(method="shear", ears=False)
    masks = []
    for matrix in (np.eye(4), moved):
        scan = moved_scan(matrix)
        context = known_context(scan.grid, np.linalg.inv(matrix))
        masks.append(METHODS["shear"].removal(scan, context, settings).mask)
    assert np.count_nonzero(masks[0] ^ masks[1]) < 0.01 * np.count_nonzero(masks[0])


def test_without_a_brain_there_is_no_plane():
    grid = Grid((20, 20, 20), np.eye(4))
    with pytest.raises(StepError, match="hardly any brain"):
        shear_mm(np.zeros(grid.shape, bool), grid, SIDE, 10.0)
