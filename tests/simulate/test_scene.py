"""What is known of a made head, worked out in parts, is what it is worked out whole."""

import numpy as np
from heads_made_up import ball_scene

from defacto.anatomy.morphology import closed, distance_mm, fill_holes
from defacto.qc.surface import far_field_mm
from defacto.simulate.cuts import add_above, boxed


def test_depth_in_the_brain_is_that_of_the_whole_grid():
    scene = ball_scene()
    field = scene.brain_field
    step = tuple(np.rint(np.diag(scene.grid.to_voxel @ field.grid.affine)[:3]).astype(int))
    coarse = scene.brain[:: step[0], :: step[1], :: step[2]]
    assert 0 < np.count_nonzero(coarse) < coarse.size
    i, j, k = field.grid.voxel_size_mm
    depth = np.float32(np.mean((i, j, k)) / 2) - distance_mm(
        fill_holes(closed(coarse, 9.0, (i, j, k))), (i, j, k)
    )
    assert np.array_equal(field.values, depth)


def test_far_tissue_is_tissue_above_the_limit_of_the_far_field():
    scene = ball_scene()
    values, grid, limit = far_field_mm()
    far = np.zeros(scene.grid.shape, dtype=bool)
    add_above(far, boxed(values, grid, limit), scene.to_base, limit)
    assert np.array_equal(scene.far_tissue, far & scene.tissue)
    assert scene.far_tissue.any()
