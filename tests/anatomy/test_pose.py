import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from anatomy.heads import motion
from defacto.anatomy.pose import find_pose, head_middle_mm, region_places
from defacto.anatomy.regions import Region
from defacto.types import Grid

SIDE, VOXEL_MM = 96, 2.5


def labels_of(matrix):
    """Balls where the regions are, moved; in a cube around the middle of the moved head."""
    middle = matrix[:3, :3] @ head_middle_mm() + matrix[:3, 3]
    affine = np.diag([VOXEL_MM] * 3 + [1.0])
    affine[:3, 3] = middle - VOXEL_MM * (SIDE - 1) / 2
    index = np.indices((SIDE, SIDE, SIDE))
    labels = np.zeros((SIDE, SIDE, SIDE), np.uint8)
    for region, place in region_places().items():
        at = matrix[:3, :3] @ place + matrix[:3, 3]
        voxel = (at - affine[:3, 3]) / VOXEL_MM
        labels[((index - voxel[:, None, None, None]) ** 2).sum(axis=0) < 7] = region
    return labels, Grid(labels.shape, affine)


@settings(max_examples=8, deadline=None)
@given(st.tuples(*[st.floats(-180, 180)] * 3), st.tuples(*[st.floats(-60, 60)] * 3))
def test_a_head_is_set_upright_however_it_lies(angles, shift):
    matrix = motion(angles, 1.0, shift)
    labels, grid = labels_of(matrix)
    pose = find_pose(labels, grid)
    left = pose.to_upright @ matrix[:3, :3]
    assert np.degrees(np.arccos(np.clip((np.trace(left) - 1) / 2, -1, 1))) < 4
    assert np.linalg.norm(pose.center_mm - (matrix[:3, :3] @ head_middle_mm() + matrix[:3, 3])) < 5


def test_without_regions_the_header_is_believed():
    grid = Grid((8, 9, 10), np.diag([2.0, 2.0, 2.0, 1.0]))
    pose = find_pose(np.full(grid.shape, Region.HEAD, np.uint8), grid)
    assert np.array_equal(pose.to_upright, np.eye(3))
    assert np.allclose(pose.center_mm, [7, 8, 9])
    assert pose.regions == 0


def test_sides_are_mirror_images():
    places = region_places()
    assert np.allclose(places[Region.LEFT_EAR] * [-1, 1, 1], places[Region.RIGHT_EAR])
    assert places[Region.LEFT_EAR][0] < 0
    assert places[Region.NOSE][1] > places[Region.CEREBRAL_GM][1] > places[Region.CEREBELLAR_GM][1]
