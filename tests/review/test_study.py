"""The study in numbers, from sums."""

import math

import pytest

pytest.importorskip("fastapi")

from defacto.review import study

TWICE_SHALLOW = ("readers", (("Ada", "shallow"), ("Bo", "shallow")))
TWICE_PASS = ("readers", (("Ada", "pass"), ("Bo", "pass")))
ADA_PASSES = ("readers", (("Ada", "pass"), ("Bo", "deep")))
BO_PASSES = ("readers", (("Ada", "deep"), ("Bo", "pass")))
ALL_THREE = ("readers", (("Ada", "pass"), ("Bo", "pass"), ("Lea", "deep")))


def test_what_one_said_and_another_counts_either_way_round():
    found = study.confusion({TWICE_PASS: 3.0, ADA_PASSES: 2.0, BO_PASSES: 1.0})
    assert found["pass", "pass"] == 3
    assert found["pass", "deep"] == found["deep", "pass"] == 3
    assert sum(found.values()) == 3 + 2 * 3


def test_three_readers_make_three_pairs():
    found = study.confusion({ALL_THREE: 1.0})
    assert (found["pass", "pass"], found["pass", "deep"]) == (1, 2)
    assert [(first, second, n) for first, second, n, _ in study.kappas({ALL_THREE: 1.0})] == [
        ("Ada", "Bo", 1),
        ("Ada", "Lea", 1),
        ("Bo", "Lea", 1),
    ]


def test_readers_of_one_mind_agree_and_those_by_chance_do_not():
    ((*_, kappa),) = study.kappas({TWICE_PASS: 5.0, TWICE_SHALLOW: 5.0})
    assert kappa == pytest.approx(1)
    assert study.kappa_of_all({TWICE_PASS: 5.0, TWICE_SHALLOW: 5.0}) == (10, pytest.approx(1))
    ((*_, kappa),) = study.kappas({ADA_PASSES: 5.0, BO_PASSES: 5.0})
    assert kappa == pytest.approx(-1)


def test_without_readers_nothing_is_made_up():
    assert set(study.confusion({}).values()) == {0}
    assert study.kappas({}) == []
    assert math.isnan(study.kappa_of_all({})[1])
