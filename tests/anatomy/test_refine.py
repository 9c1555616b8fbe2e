"""Labels fitted to intensities: borders where the scan shows them, and nothing where it shows none."""

import numpy as np
import pytest

from anatomy.heads import storage_orders, stored_as
from defacto.anatomy.refine import refine
from defacto.anatomy.regions import Region

COARSE = 4
GREY, WHITE = Region.CEREBRAL_GM, Region.CEREBRAL_WM
BRIGHT = {Region.HEAD: 20.0, GREY: 60.0, WHITE: 100.0}
TO_BOX = np.diag([1 / COARSE, 1 / COARSE, 1 / COARSE, 1.0])


def truth():
    """A ball of white matter in a shell of grey matter, with folds that a coarse grid cannot see."""
    i, j, k = np.indices((48, 48, 48)) - 23.5
    away = np.sqrt(i**2 + j**2 + k**2)
    fold = 1.5 * np.sin(i) * np.sin(j)
    labels = np.full(away.shape, Region.HEAD, np.uint8)
    labels[away < 18] = GREY
    labels[away < 12 + fold] = WHITE
    return labels


def seen(labels):
    """What a network on a grid four times coarser says, unsure of its borders."""
    chances = np.eye(len(Region), dtype=np.float32)[labels]
    n = labels.shape[0] // COARSE
    blocks = chances.reshape(n, COARSE, n, COARSE, n, COARSE, -1).mean(axis=(1, 3, 5))
    coarse = blocks.argmax(axis=3).astype(np.uint8)
    nearest = coarse.repeat(COARSE, 0).repeat(COARSE, 1).repeat(COARSE, 2)
    to_box = TO_BOX.copy()
    to_box[:3, 3] = (1 / COARSE - 1) / 2
    chances = blocks + np.float32(0.001)
    return nearest, chances / chances.sum(axis=3, keepdims=True), to_box


def scan(labels, noise=5.0, seed=0):
    values = np.vectorize(BRIGHT.get)(labels).astype(np.float32)
    return values + np.random.default_rng(seed).normal(0, noise, values.shape).astype(np.float32)


def dice(one, other):
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


def test_borders_lie_where_the_scan_shows_them():
    labels = truth()
    coarse, chances, to_box = seen(labels)
    found = refine(coarse, scan(labels), chances, to_box)
    for region in (GREY, WHITE):
        assert dice(found == region, labels == region) > 0.97 > 0.9 > dice(coarse == region, labels == region)


@pytest.mark.parametrize(("scale", "shift"), [(-1.0, 0.0), (3000.0, -7.0), (1e-3, 5.0)])
def test_contrast_unit_and_zero_do_not_matter(scale, shift):
    labels = truth()
    coarse, chances, to_box = seen(labels)
    other = refine(coarse, scan(labels) * np.float32(scale) + np.float32(shift), chances, to_box)
    assert (other == refine(coarse, scan(labels), chances, to_box)).mean() > 0.99


def test_order_of_storage_does_not_matter():
    labels = truth()
    coarse, chances, to_box = seen(labels)
    volume = scan(labels)
    reference = refine(coarse, volume, chances, to_box)
    for order, signs in storage_orders()[::11]:
        stored, turned = stored_as(volume, np.eye(4), order, signs)
        again, _ = stored_as(coarse, np.eye(4), order, signs)
        found = refine(np.ascontiguousarray(again), np.ascontiguousarray(stored), chances, to_box @ turned)
        expected, _ = stored_as(reference, np.eye(4), order, signs)
        assert (found == expected).mean() > 0.999


def test_where_there_is_no_brain_nothing_changes():
    labels = np.full((48, 48, 48), Region.HEAD, np.uint8)
    coarse, chances, to_box = seen(labels)
    assert (refine(coarse, scan(labels), chances, to_box) == labels).all()


def test_a_scan_that_shows_nothing_leaves_the_networks_word():
    coarse, chances, to_box = seen(truth())
    assert (refine(coarse, np.full(coarse.shape, 7.0, np.float32), chances, to_box) == coarse).all()


def test_far_from_the_brain_the_networks_word_stands():
    labels = truth()
    labels[:4, :4, :4] = Region.NOSE
    coarse, chances, to_box = seen(labels)
    found = refine(coarse, scan(truth()), chances, to_box)
    assert (found[:4, :4, :4] == Region.NOSE).all()
