import dataclasses
import json

import numpy as np
import pytest

from defacto.simulate.person import MIN_JACOBIAN, draw_person, make_person
from defacto.simulate.warp import STEP_MM, least_jacobian, node_grid, smooth_noise
from defacto.types import Grid

BASE = Grid((191, 266, 323), np.array([[1.0, 0, 0, -93.5], [0, 1, 0, -124], [0, 0, 1, -189], [0, 0, 0, 1]]))


@pytest.mark.parametrize("seed", range(3))
def test_a_person_can_be_undone(seed):
    person = make_person(draw_person(np.random.default_rng(seed)), BASE)
    assert least_jacobian(person.shift_mm, STEP_MM) >= MIN_JACOBIAN
    assert 3 < np.abs(person.shift_mm).max() < 25


def test_parameters_are_json_and_make_the_same_person_again():
    parameters = draw_person(np.random.default_rng(5))
    json.dumps(dataclasses.asdict(parameters))
    assert parameters == draw_person(np.random.default_rng(5))
    np.testing.assert_array_equal(
        make_person(parameters, BASE).shift_mm, make_person(parameters, BASE).shift_mm
    )


def test_faces_of_two_persons_differ_by_millimetres():
    persons = [make_person(draw_person(np.random.default_rng(s)), BASE) for s in range(4)]
    nose = tuple(np.rint((np.array([0, 112, -66]) - persons[0].grid.affine[:3, 3]) / STEP_MM).astype(int))
    noses = [person.shift_mm[nose] for person in persons]
    assert np.mean([np.linalg.norm(a - b) for a in noses for b in noses if a is not b]) > 2.5


def test_ventricles_widen_with_age_and_a_wider_ventricle_reads_nearer_to_its_middle():
    old, young = (draw_person(np.random.default_rng(0), years=years) for years in (85, 20))
    assert old.ventricles > young.ventricles + 0.2
    plain = dataclasses.replace(young, bumps=(), field_mm=0.0, face_field_mm=0.0, skull_mm=0.0)
    wide = make_person(dataclasses.replace(plain, ventricles=0.3), BASE)
    beside = tuple(np.rint((np.array([24, 0, 8]) - wide.grid.affine[:3, 3]) / STEP_MM).astype(int))
    assert wide.shift_mm[beside][0] < -1


def test_a_thicker_skull_leaves_the_scalp_alone():
    plain = dataclasses.replace(
        draw_person(np.random.default_rng(0)), bumps=(), field_mm=0.0, face_field_mm=0.0, ventricles=0.0
    )
    thick = make_person(dataclasses.replace(plain, skull_mm=2.0), BASE)
    brain, scalp = (
        tuple(np.rint((np.array(p) - thick.grid.affine[:3, 3]) / STEP_MM).astype(int))
        for p in ((0, -12, 70), (0, -12, 100))
    )
    assert thick.shift_mm[brain][2] > 1
    assert abs(thick.shift_mm[scalp][2]) < 0.5


def test_size_scales_the_person():
    child, adult = (draw_person(np.random.default_rng(1), size=s) for s in (0.85, 1.0))
    assert np.allclose(np.array(child.scale) / adult.scale, 0.85)


def test_smooth_noise_has_unit_spread_and_is_smooth():
    noise = smooth_noise(np.random.default_rng(0), node_grid(BASE).shape, 14.0)
    assert 0.8 < noise.std() < 1.2
    assert np.abs(np.diff(noise, axis=0)).max() < 1.0
