"""A head made of ellipsoids, in world coordinates, sampled on any grid."""

import itertools

import numpy as np

from defacto.types import Grid

NOSE = ((0.0, 98.0, -50.0), (12.0, 18.0, 18.0))
LEFT_EAR = ((-78.0, -5.0, -35.0), (9.0, 16.0, 26.0))
RIGHT_EAR = ((78.0, -5.0, -35.0), (9.0, 16.0, 26.0))
HEAD = ((0.0, 0.0, 0.0), (76.0, 94.0, 100.0))
SKULL = ((0.0, 0.0, 0.0), (70.0, 88.0, 94.0))
BRAIN = ((0.0, 0.0, 4.0), (64.0, 82.0, 86.0))


def world(grid):
    points = np.indices(grid.shape).reshape(3, -1)
    return grid.affine[:3, :3] @ points + grid.affine[:3, 3:]


def ellipsoid(grid, part):
    """Share of each voxel inside, with an edge about a voxel wide."""
    centre, radii = np.array(part[0])[:, None], np.array(part[1])[:, None]
    away = np.sqrt((((world(grid) - centre) / radii) ** 2).sum(axis=0))
    inside_mm = (1 - away) * min(part[1])
    width = max(grid.voxel_size_mm[:2])
    return np.clip(inside_mm / width + 0.5, 0, 1).reshape(grid.shape).astype(np.float32)


def make_head(grid, *, skin=300.0, bone=20.0, brain=200.0, ears=True):
    volume = skin * ellipsoid(grid, HEAD)
    volume += (bone - volume) * ellipsoid(grid, SKULL)
    volume += (brain - volume) * ellipsoid(grid, BRAIN)
    for part in (NOSE, LEFT_EAR, RIGHT_EAR) if ears else (NOSE,):
        volume = np.maximum(volume, skin * ellipsoid(grid, part))
    return np.ascontiguousarray(volume, dtype=np.float32)


def ras_grid(voxel_mm=(2.0, 2.0, 2.0), extent_mm=(200.0, 250.0, 230.0), centre_mm=(0.0, 0.0, 0.0)):
    shape = tuple(round(e / v) for e, v in zip(extent_mm, voxel_mm, strict=True))
    affine = np.diag([*voxel_mm, 1.0])
    affine[:3, 3] = np.array(centre_mm) - (np.array(shape) - 1) / 2 * np.array(voxel_mm)
    return Grid(shape, affine)


def stored_orders():
    """All 48 ways to store the axes: order and directions."""
    return list(itertools.product(itertools.permutations(range(3)), itertools.product((1, -1), repeat=3)))


def reorder(volume, grid, order, signs):
    """The same head with its axes stored otherwise."""
    turned = np.zeros((4, 4))
    turned[3, 3] = 1
    out = volume.transpose(order)
    for axis, sign in enumerate(signs):
        turned[order[axis], axis] = sign
        if sign < 0:
            out = np.flip(out, axis)
            turned[order[axis], 3] = out.shape[axis] - 1
    return np.ascontiguousarray(out), Grid(out.shape, grid.affine @ turned)


def add_noise(volume, sigma, seed=0):
    """Rician noise, as in a magnitude image."""
    rng = np.random.default_rng(seed)
    real = volume + rng.normal(0, sigma, volume.shape)
    return np.hypot(real, rng.normal(0, sigma, volume.shape)).astype(np.float32)
