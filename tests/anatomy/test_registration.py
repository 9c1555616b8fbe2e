"""The ladder, with made-up registrations in the place of both real ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anatomy.heads import motion, template_scan
from defacto.anatomy import niimath, registration
from defacto.anatomy.registration import distance_mm, register
from defacto.errors import ProgramError, RegistrationError

RIGHT = np.eye(4)
FAR = motion((0, 0, 40), 1.0, (30, 0, 0))
FARTHER = motion((90, 0, 0), 1.0, (0, 60, 0))
matrices = st.builds(
    motion,
    st.tuples(*[st.floats(-180, 180)] * 3),
    st.floats(0.5, 2.0),
    st.tuples(*[st.floats(-100, 100)] * 3),
)


class Ladder:
    """Gives, call by call, what each of the two registrations shall find; None: nothing."""

    def __init__(self, monkeypatch):
        self.asked = []
        monkeypatch.setattr(registration, "Task", self._task)
        monkeypatch.setattr(niimath, "Task", self._task)
        monkeypatch.setattr(registration.starts, "register", self._starts)

    def will_find(self, theirs, ours):
        self.theirs, self.ours = iter(theirs), iter(ours)
        return self

    def climb(self, **options):
        scan = template_scan()
        return register(scan.volume, scan.grid, 10.0, 1.02, **options)

    def _task(self, volume, grid, words, base=None):
        self.asked.append(next((word for word in ("-n4", "-sym", "-cost") if word in words), "plain"))
        return _Task(volume, None if "-n4" in words else next(self.theirs), grid)

    def _starts(self, *_, thorough):
        self.asked.append("all starts" if thorough else "two starts")
        found = next(self.ours)
        if found is None:
            raise RegistrationError("none")
        return found


class _Task:
    def __init__(self, volume, found, grid):
        self._volume, self._found = volume, found
        self._seed = grid.affine @ np.linalg.inv(template_scan().grid.affine)

    def matrix(self):
        if self._found is None:
            raise ProgramError("none")
        return self._found @ np.linalg.inv(self._seed)

    def volume(self):
        return self._volume


@pytest.fixture
def ladder(monkeypatch):
    return Ladder(monkeypatch)


def test_agreement_ends_the_climb_at_once(ladder):
    found = ladder.will_find([RIGHT], [motion(shift_mm=(3, 0, 0))]).climb()
    assert (found.rung, ladder.asked) == (0, ["plain", "two starts"])
    assert found.agreement_mm == pytest.approx(3)


def test_the_more_alike_of_the_two_leads(ladder):
    near = motion(shift_mm=(4, 4, 4))
    for theirs, ours in ((RIGHT, near), (near, RIGHT)):
        found = ladder.will_find([theirs], [ours]).climb()
        assert np.array_equal(found.to_template, RIGHT)
        assert np.array_equal(found.check_to_template, near)


def test_disagreement_climbs_to_all_starts(ladder):
    found = ladder.will_find([FAR, FARTHER], [FARTHER, FAR]).climb()
    assert (found.rung, found.agreement_mm) == (1, 0)
    assert ladder.asked == ["plain", "two starts", "all starts", "plain"]


def test_one_call_climbs_two_rungs_and_gives_the_nearest_pair(ladder):
    near = motion(shift_mm=(20, 0, 0))
    found = ladder.will_find([FAR, near], [FARTHER, RIGHT]).climb()
    assert found.rung == 1
    assert found.agreement_mm == pytest.approx(20)
    assert ladder.asked == ["plain", "two starts", "all starts", "plain"]


def test_the_ladder_ends(ladder):
    found = ladder.will_find([FAR, FARTHER], [RIGHT]).climb(rung=3)
    assert found.rung == 3
    assert found.agreement_mm > 10
    assert ladder.asked == ["all starts", "plain", "-sym"]


@pytest.mark.parametrize("rung", [1, 2, 3])
def test_a_climb_may_begin_higher(ladder, rung):
    found = ladder.will_find([RIGHT] * 4, [RIGHT] * 2).climb(rung=rung)
    assert found.rung == rung
    assert "two starts" not in ladder.asked
    assert "all starts" in ladder.asked


def test_one_kind_that_finds_nothing_climbs(ladder):
    assert ladder.will_find([None, RIGHT], [RIGHT, None]).climb().rung == 1
    assert ladder.will_find([RIGHT, RIGHT], [None, RIGHT]).climb().rung == 1


@pytest.mark.parametrize(("theirs", "ours"), [([None] * 4, [RIGHT] * 2), ([RIGHT] * 4, [None] * 2)])
def test_one_opinion_is_none(ladder, theirs, ours):
    with pytest.raises(RegistrationError, match="two registrations"):
        ladder.will_find(theirs, ours).climb()


def test_bias_is_corrected_before_anything_else(ladder):
    ladder.will_find([RIGHT], [RIGHT]).climb(bias=True)
    assert ladder.asked[0] == "-n4"


@given(matrices, matrices)
def test_distance_is_one(one, other):
    assert distance_mm(one, one) == 0
    assert distance_mm(one, other) == pytest.approx(distance_mm(other, one))


@given(st.tuples(*[st.floats(-50, 50)] * 3))
def test_distance_of_a_shift_is_its_length_in_the_scan(shift):
    moved = motion(scale=1.25) @ motion(shift_mm=shift)
    assert distance_mm(motion(scale=1.25), moved) == pytest.approx(np.linalg.norm(shift), abs=1e-6)


def test_turn_is_the_angle_against_the_header():
    for degrees, axis in ((0, 2), (30, 0), (180, 2), (180, 1)):
        angle = np.deg2rad(degrees)
        turn = np.eye(4)
        a, b = (axis + 1) % 3, (axis + 2) % 3
        turn[a, a] = turn[b, b] = np.cos(angle)
        turn[a, b], turn[b, a] = -np.sin(angle), np.sin(angle)
        matrix = turn @ np.diag([1.1, 0.9, 1.0, 1.0])
        found = registration.Registration(matrix, matrix, 0.0, 1.1, 0)
        assert found.turned_deg == pytest.approx(degrees, abs=0.01)
