"""What speaks for an answer, drawn."""

import numpy as np

from defacto.render.heat import AGAINST, FOR, draw_heat
from defacto.types import Looks


def test_what_speaks_for_it_is_orange_and_against_it_blue_in_its_place():
    shade = np.full((3, 40, 30), 128, np.uint8)
    looks = Looks(shade, shade, np.zeros((20, 20), np.uint8))
    views = np.zeros((3, 4, 3), np.float32)
    views[0, 0, 0], views[1, 3, 2] = 2.0, -2.0
    picture = draw_heat(looks, {"nose 0.9": (views, np.zeros((2, 2), np.float32))})
    assert picture.shape == (40 + 22, 3 * 30 + 20, 3)
    seen = picture[22:]
    assert np.abs(seen[2, 2].astype(int) - FOR).max() < 70
    assert np.abs(seen[-3, 57].astype(int) - AGAINST).max() < 90
    assert (seen[15:25, 65:85] == seen[20, 75]).all()  # the front view, of which nothing is said


def test_nothing_said_leaves_the_picture_as_it_is():
    rng = np.random.default_rng(0)
    looks = Looks(
        *(rng.integers(2, 255, (3, 40, 30), dtype=np.uint8) for _ in range(2)), np.zeros((20, 20), np.uint8)
    )
    one = draw_heat(looks, {"a": (np.zeros((3, 4, 3), np.float32), np.zeros((2, 2), np.float32))})
    two = draw_heat(looks, {"a": (np.full((3, 4, 3), 1e-9, np.float32), np.ones((2, 2), np.float32))})
    assert np.array_equal(one[22:, :90], two[22:, :90])
