"""The colours of the words: told apart by colour-blind people, seen on the page, dark and light."""

import re
from importlib.resources import files
from itertools import combinations

import numpy as np
import pytest

GROUNDS = {"dark": "#14171c", "light": "#fbfbfc"}
WORDS = ("pass", "deep", "shallow", "failure")
LEAST_CONTRAST = 2.95
"""WCAG asks 3 of shapes that tell something; the word stands beside each of them too."""
LEAST_APART = 15
"""CIELAB; 2.3 can just be told apart side by side."""
SEEN_AS = {
    "all cones": np.eye(3),
    "no red": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "no green": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "no blue": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}
"""Machado, Oliveira and Fernandes (2009), https://doi.org/10.1109/TVCG.2009.113, at full severity."""
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.9505, 1.0, 1.089])


def colours(theme):
    css = (files("defacto.review") / "static" / "desk.css").read_text()
    found = {}
    for selector, colour in re.findall(r"^([^{}\n]*\.k-[^{}\n]*) \{ --c: (#[0-9a-f]{6})", css, re.MULTILINE):
        if theme == "light" or "light" not in selector:
            found |= dict.fromkeys(re.findall(r"\.k-([\w-]+)", selector), colour)
    return found


def linear(colour):
    parts = np.array([int(colour[n : n + 2], 16) for n in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    low, high = sorted(float(TO_XYZ[1] @ linear(each)) for each in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(colour, seen_as):
    xyz = TO_XYZ @ np.clip(np.array(seen_as) @ linear(colour), 0, 1) / WHITE
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("theme", GROUNDS)
def test_every_shape_stands_out_from_the_page(theme):
    low = {word: contrast(colour, GROUNDS[theme]) for word, colour in colours(theme).items()}
    assert len(low) >= 10
    assert min(low.values()) >= LEAST_CONTRAST, low


@pytest.mark.parametrize("eye", SEEN_AS)
@pytest.mark.parametrize("theme", GROUNDS)
def test_the_four_words_differ_to_every_eye(theme, eye):
    known = colours(theme)
    for one, other in combinations(WORDS, 2):
        apart = np.linalg.norm(lab(known[one], SEEN_AS[eye]) - lab(known[other], SEEN_AS[eye]))
        assert apart >= LEAST_APART, (one, other, apart)
