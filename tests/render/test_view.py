import numpy as np
import pytest

from defacto.render.head import find_head
from defacto.render.view import FRAME_MM, View, cast
from defacto.types import Grid

from .made_head import add_noise, ellipsoid, make_head, ras_grid

FRONT = View(0.0)
LEFT = View(45.0)


def sphere(voxel_mm, affine=None):
    grid = ras_grid(voxel_mm, (140.0, 140.0, 140.0))
    if affine is not None:
        grid = Grid(grid.shape, affine @ grid.affine)
    return np.ascontiguousarray(300 * ellipsoid(grid, ((0, 0, 0), (50, 50, 50)))), grid


@pytest.mark.parametrize("voxel_mm", [(1, 1, 1), (2, 2, 2), (0.7, 0.7, 2.5), (5, 1, 1), (1, 5.5, 1)])
@pytest.mark.parametrize("view", [FRONT, LEFT, View(-70.0)])
def test_a_sphere_of_100_mm_is_100_mm_wide(voxel_mm, view):
    seen = cast(find_head(*sphere(tuple(map(float, voxel_mm)))), view, 150)
    hit = ~np.isnan(seen.depth_mm)
    widest = hit.any(axis=0).sum() * seen.px_mm
    assert widest == pytest.approx(100, abs=3 + 0.5 * max(voxel_mm))
    assert np.nanmin(seen.depth_mm) == pytest.approx(-50, abs=2 + 0.3 * max(voxel_mm))
    assert seen.px_mm == FRAME_MM / 150
    assert not seen.cut.any()


def test_normals_of_a_sphere_point_outwards():
    seen = cast(find_head(*sphere((1.5, 1.5, 1.5))), LEFT, 120)
    hit = ~np.isnan(seen.depth_mm)
    rows, columns = np.nonzero(hit)
    right = (columns - 59.5) * seen.px_mm / 50
    depth = seen.depth_mm[hit] / 50
    assert np.linalg.norm(seen.normals[hit], axis=1) == pytest.approx(1, abs=1e-4)
    steep = np.abs(seen.normals[hit][:, 0] - right)
    assert np.median(steep) < 0.05
    assert np.median(np.abs(seen.normals[hit][:, 2] + depth)) < 0.05
    assert seen.normals[hit][rows < rows.mean(), 1].mean() > 0


def test_a_tilted_grid_shows_the_same_sphere():
    c, s = np.cos(0.4), np.sin(0.4)
    tilt = np.array([[1, 0, 0, 0], [0, c, -s, 0], [0, s, c, 0], [0, 0, 0, 1.0]])
    plain, tilted = (cast(find_head(*sphere((2.0, 2.0, 2.0), a)), FRONT, 120) for a in (None, tilt))
    both = ~np.isnan(plain.depth_mm) & ~np.isnan(tilted.depth_mm)
    assert np.isnan(plain.depth_mm[~both]).mean() > 0.97
    assert np.median(np.abs(plain.depth_mm - tilted.depth_mm)[both]) < 0.6


def test_each_view_shows_the_ear_of_its_side():
    grid = ras_grid()
    with_ears, without = (find_head(make_head(grid, ears=ears), grid) for ears in (True, False))
    for view, side in ((LEFT, slice(75, None)), (View(-45.0), slice(None, 75))):
        change = ~(cast(with_ears, view, 150).depth_mm == cast(without, view, 150).depth_mm)
        change &= ~np.isnan(cast(with_ears, view, 150).depth_mm)
        assert change[:, side].sum() > 100


def test_the_nose_is_nearest_and_noise_does_not_hide_it():
    grid = ras_grid()
    volume = make_head(grid)
    clean, noisy = (cast(find_head(v, grid), FRONT, 150) for v in (volume, add_noise(volume, 15.0)))
    assert np.nanmin(clean.depth_mm) == pytest.approx(-116, abs=2)
    both = ~np.isnan(clean.depth_mm) & ~np.isnan(noisy.depth_mm)
    assert np.abs(clean.depth_mm - noisy.depth_mm)[both].mean() < 1.0
    assert (np.isnan(clean.depth_mm) != np.isnan(noisy.depth_mm)).mean() < 0.02


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_thick_slices_show_the_same_surface(axis):
    voxel = [1.5, 1.5, 1.5]
    voxel[axis] = 6.0
    fine, thick = ras_grid(), ras_grid(tuple(voxel))
    a, b = (cast(find_head(make_head(grid), grid), LEFT, 150) for grid in (fine, thick))
    a_hit, b_hit = ~np.isnan(a.depth_mm), ~np.isnan(b.depth_mm)
    assert (a_hit != b_hit).sum() < 0.06 * a_hit.sum()
    facing = a_hit & b_hit & (a.normals[..., 2] > 0.5)
    assert np.median(np.abs(a.depth_mm - b.depth_mm)[facing]) < 1.5
    assert np.percentile(np.abs(a.normals - b.normals).max(axis=2)[facing], 90) < 0.3


def test_where_the_field_of_view_ends_is_marked():
    grid = ras_grid((2.0, 2.0, 2.0), (200.0, 150.0, 230.0))
    seen = cast(find_head(make_head(grid), grid), FRONT, 150)
    assert seen.cut.sum() * seen.px_mm**2 > 2000
    assert seen.depth_mm[seen.cut].std() < 1.0


@pytest.mark.parametrize("view", [FRONT, LEFT, View(-70.0, 20.0)])
def test_empty_space_is_skipped_and_nothing_changes(view):
    """With maxima of 0 no block counts as empty, and every sample along a ray is looked up."""
    grid = ras_grid((1.8, 1.8, 1.8))
    head = find_head(make_head(grid), grid)
    assert np.count_nonzero(head.maxima < 0) > 0.25 * head.maxima.size
    skipped = cast(head, view, 90)
    head.__dict__["maxima"] = np.zeros_like(head.maxima)
    followed = cast(head, view, 90)
    assert np.array_equal(skipped.depth_mm, followed.depth_mm, equal_nan=True)
    assert np.array_equal(skipped.normals, followed.normals)
    assert np.array_equal(skipped.cut, followed.cut)
