"""The classifiers that come with defacto, on the average head: persons stand in the card of the networks."""

from functools import cache

import numpy as np
import pytest

from anatomy.heads import template_scan
from defacto.qc.classify import RenderClassifier
from defacto.render import draw_heat, look
from defacto.types import Feature, Looks, Outcome

EVERY = [("defacto-render", True), ("defacto-render", False), ("delbarre-cnn", True)]


@cache
def intact():
    scan = template_scan()
    return look(scan.volume, scan.grid)


def noise(seed):
    rng = np.random.default_rng(seed)
    shade = rng.integers(0, 256, (3, 165, 135), dtype=np.uint8)
    return Looks(shade, rng.permuted(shade, axis=1), rng.integers(0, 256, (128, 128), dtype=np.uint8))


@pytest.mark.parametrize(("network", "ears"), EVERY)
def test_an_intact_face_is_no_pass(network, ears):
    (said,) = RenderClassifier(network).predict([intact()], ears=ears)
    assert said.p_outcome[Outcome.PASS] < 0.2
    if said.p_feature:
        assert {f for f, p in said.p_feature.items() if p > 0.5} >= {Feature.NOSE, Feature.MOUTH}


@pytest.mark.parametrize(("network", "ears"), EVERY)
def test_probabilities_sum_to_one_whatever_is_looked_at(network, ears):
    for said in RenderClassifier(network).predict([noise(1), noise(2)], ears=ears):
        assert sum(said.p_outcome.values()) == pytest.approx(1)
        assert all(0 <= p <= 1 for p in [*said.p_outcome.values(), *said.p_feature.values()])


def test_each_is_judged_for_itself():
    looks = [noise(n) for n in range(19)]
    classifier = RenderClassifier()
    together = classifier.logits(looks)
    alone = np.concatenate([classifier.logits([each]) for each in looks])
    assert np.abs(together - alone).max() < 1e-3
    assert classifier.predict([]) == []


@pytest.mark.parametrize("ears", [True, False])
def test_the_maps_add_up_to_what_is_said(ears):
    classifier = RenderClassifier()
    logits = classifier.logits([intact()])[0]
    maps = classifier.explain(intact(), ears=ears)
    assert set(maps) == {*Outcome, *Feature}
    added = [maps[o].views.mean(axis=(1, 2)).sum() + maps[o].slice.mean() for o in Outcome]
    assert np.allclose(added, logits[:4] if ears else logits[4:8], atol=1e-3)
    picture = draw_heat(intact(), {o.value: (maps[o].views, maps[o].slice) for o in Outcome})
    assert picture.shape[1:] == (3 * 135 + 128, 3)


def test_the_network_of_the_paper_knows_no_policy_of_ears():
    with pytest.raises(ValueError, match="with ears only"):
        RenderClassifier("delbarre-cnn").predict([noise(1)], ears=False)
    assert RenderClassifier("delbarre-cnn").explain(noise(1)) == {}
