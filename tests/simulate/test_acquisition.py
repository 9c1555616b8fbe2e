from dataclasses import replace
from functools import cache

import nibabel as nib
import numpy as np
import pytest

from defacto.simulate.acquisition import AcquisitionParameters, acquire, draw_acquisition, scan_grid
from defacto.simulate.base import load_base
from defacto.simulate.contrast import Contrast, draw_contrast, make_palette
from defacto.simulate.person import draw_person, make_person

COARSE = AcquisitionParameters((48, 62, 62), (4.0, 4.0, 4.0), noise=0.01, bias=0.0)


@cache
def made_scan(parameters=COARSE, kind=Contrast.T1W):
    base = load_base()
    person = make_person(draw_person(np.random.default_rng(3)), base.grid)
    return acquire(
        base, person, make_palette(base, draw_contrast(np.random.default_rng(4), kind)), parameters
    ).scan


@pytest.mark.parametrize("storage", ["RAS", "LPS", "PSR", "AIL", "SRA"])
def test_grid_stores_the_axes_as_asked(storage):
    grid = scan_grid(replace(COARSE, storage=storage, voxel_mm=(1.0, 2.0, 3.0)))
    assert "".join(nib.aff2axcodes(grid.affine)) == storage
    sizes = dict(zip("RLAPSI", (1, 1, 2, 2, 3, 3), strict=True))
    assert grid.voxel_size_mm == pytest.approx([sizes[c] for c in storage])
    middle = grid.affine @ (*((np.array(grid.shape) - 1) / 2), 1)
    assert middle[:3] == pytest.approx([0, 0, 0])


def test_storage_order_changes_nothing_but_the_order():
    quiet = replace(COARSE, noise=0.0)
    ras, psr = made_scan(quiet), made_scan(replace(quiet, storage="PSR"))
    np.testing.assert_allclose(psr.stored.transpose(2, 0, 1)[:, ::-1], ras.stored, atol=1)


def test_same_parameters_same_voxels():
    made_scan.cache_clear()
    first = made_scan().stored.copy()
    made_scan.cache_clear()
    np.testing.assert_array_equal(made_scan().stored, first)


def test_head_is_in_the_field_of_view_with_air_around():
    volume = made_scan().volume
    head = volume > 0.15 * np.percentile(volume, 99)
    assert 0.2 < head.mean() < 0.7
    assert not head[0].any()
    assert not head[-1].any()
    assert not head[:, -1].any()


@pytest.mark.parametrize(("air", "zeros"), [("zero", True), ("noise", False)])
def test_air(air, zeros):
    corner = made_scan(replace(COARSE, air=air)).stored[:4, -4:, -4:]
    assert (corner == 0).all() == zeros


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "float32"])
def test_dtype(dtype):
    scan = made_scan(replace(COARSE, dtype=dtype))
    assert scan.stored.dtype == dtype
    assert scan.stored.max() > 100


def test_thick_slices_are_averages():
    thin = made_scan(replace(COARSE, noise=0.0, shape=(48, 62, 61), voxel_mm=(4, 4, 1.5), dtype="float32"))
    thick = made_scan(replace(COARSE, noise=0.0, shape=(48, 62, 15), voxel_mm=(4, 4, 6.1), dtype="float32"))
    assert thick.volume.mean() == pytest.approx(thin.volume.mean(), rel=0.03)


def test_draw_stays_near_its_protocol():
    drawn = draw_acquisition(np.random.default_rng(0), replace(COARSE, tilt_deg=(0, 0, 30)))
    assert drawn.shape == COARSE.shape
    assert 26 <= drawn.tilt_deg[2] <= 34
