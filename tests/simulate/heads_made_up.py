"""Scenes small enough for tests: a ball of a head with features and brain whose sizes are known."""

from functools import cache

import numpy as np

from defacto.io.arrays import scan_from_arrays
from defacto.simulate.base import load_base
from defacto.simulate.head import MadeHead, Ranges, draw_head, make_head
from defacto.simulate.scene import Scene
from defacto.simulate.structures import Structure
from defacto.types import Feature, Grid

SIDE = 60
VOXEL_MM = 2.0
HEAD_MM, BRAIN_MM = 52.0, 30.0


def ball_scene(order=(0, 1, 2), signs=(1, 1, 1)):
    """A ball of 2 mm voxels around (0, 20, -40) mm; each sixth of its skin's front is a feature."""
    line = VOXEL_MM * (np.arange(SIDE) - (SIDE - 1) / 2)
    x, y, z = np.meshgrid(line, line, line, indexing="ij")
    away = np.sqrt(x**2 + y**2 + z**2)
    surface = np.clip(away - HEAD_MM, -8, 8).astype(np.float32)
    inside = np.clip(0.5 - surface / VOXEL_MM, 0, 1).astype(np.float32)
    structures = np.where(away < BRAIN_MM, Structure.CEREBRAL_GM, Structure.MUSCLE).astype(np.uint8)
    structures[away > HEAD_MM] = 0
    sixth = np.clip(np.floor((np.arctan2(z, x) / (2 * np.pi) + 0.5) * 6), 0, 5).astype(np.uint8) + 1
    features = np.where((y > 10) & (np.abs(surface) < 8), sixth, 0).astype(np.uint8)
    affine = np.diag([VOXEL_MM] * 3 + [1.0])
    affine[:3, 3] = line[0] + np.array([0, 20, -40])
    turned = [stored_as(each, affine, order, signs) for each in (structures, features, surface, inside)]
    grid = Grid(turned[0][0].shape, turned[0][1])
    scan = scan_from_arrays(stored_as((inside * 300).astype(np.int16), affine, order, signs)[0], grid.affine)
    volumes = [np.ascontiguousarray(volume) for volume, _ in turned]
    return Scene(MadeHead(scan, grid, *volumes, np.eye(4), None), load_base())


def stored_as(volume, affine, order, signs):
    turn = np.eye(4)
    turn[:3, :3] = np.eye(3)[:, order]
    view = volume.transpose(order)
    for axis, sign in enumerate(signs):
        if sign < 0:
            view = np.flip(view, axis)
            flip = np.eye(4)
            flip[axis, axis], flip[axis, 3] = -1, view.shape[axis] - 1
            turn = turn @ flip
    return view, affine @ turn


@cache
def made_scene(seed=5):
    """A coarse head of a made person."""
    ranges = Ranges(
        voxel_mm=(3.5, 3.5), thick_share=0.0, cut_share=0.0, storages=("RAS",), far_tilt_share=0.0
    )
    base = load_base()
    return Scene(make_head(base, draw_head(np.random.default_rng(seed), base.name, ranges)), base)


def feature_mask(scene, features):
    """All of some features, skin and what lies under it."""
    return np.isin(scene.head.features, [Feature(each).label for each in features])
