import numpy as np

from defacto.render.contrast import SURFACE_LEVEL
from defacto.render.islands import block_means, clear_outside, components, find_pieces, grow


def test_block_means_are_means():
    levels = np.random.default_rng(1).integers(0, 256, (7, 6, 9), dtype=np.uint8)
    means = block_means(levels, (2, 3, 4))
    assert means.shape == (4, 2, 3)
    assert means[0, 0, 0] == int(levels[:2, :3, :4].mean())
    assert means[3, 1, 2] == int(levels[6:, 3:, 8:].mean())


def test_components_hang_together_over_faces_only():
    levels = np.zeros((4, 4, 4), dtype=np.uint8)
    levels[0, 0, :3] = 200
    levels[1, 1, 3] = 200
    labels, sizes = components(levels, 100.0)
    assert sorted(sizes.tolist()) == [0, 1, 3]
    assert np.array_equal(labels > 0, levels > 0)


def test_grow_adds_corners():
    mask = np.zeros((5, 5, 5), dtype=bool)
    mask[2, 2, 2] = True
    assert np.array_equal(np.argwhere(grow(mask, (1, 1, 1))).min(axis=0), [1, 1, 1])
    assert grow(mask, (1, 1, 1)).sum() == 27
    assert grow(mask, (0, 0, 2)).sum() == 5


def test_small_and_faint_pieces_drop_out():
    levels = np.zeros((40, 40, 40), dtype=np.uint8)
    levels[10:30, 10:30, 10:30] = 200
    levels[2, 2, 2] = 200
    levels[36:39, 5:35, 5:35] = int(SURFACE_LEVEL) + 1
    levels[9, 15:25, 15:25] = int(SURFACE_LEVEL) + 1
    largest, kept = find_pieces(levels, np.array([2.0, 2.0, 2.0]))
    assert np.array_equal(largest, kept)
    assert not kept[2, 2, 2]
    assert not kept[36:39].any()
    assert kept[9, 15:25, 15:25].all()


def test_nothing_is_no_piece():
    largest, kept = find_pieces(np.zeros((5, 5, 5), dtype=np.uint8), np.ones(3))
    assert not largest.any()
    assert not kept.any()


def test_clear_outside_clears_whole_blocks():
    levels = np.full((5, 4, 4), 9, dtype=np.uint8)
    kept = np.zeros((3, 2, 2), dtype=bool)
    kept[2] = True
    clear_outside(levels, kept, (2, 2, 2))
    assert not levels[:4].any()
    assert (levels[4] == 9).all()
