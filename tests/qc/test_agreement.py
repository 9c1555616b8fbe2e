import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from defacto.qc.agreement import cohen_kappa, fleiss_kappa

FLEISS_1971 = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ],
    dtype=float,
)


def test_fleiss_kappa_of_a_known_table():
    assert fleiss_kappa(FLEISS_1971) == pytest.approx(0.210, abs=0.0005)


def test_cohen_kappa_of_a_known_table():
    assert cohen_kappa(np.array([[45.0, 15.0], [25.0, 15.0]])) == pytest.approx(0.1304, abs=5e-5)


def test_nothing_read_and_one_word_only_are_unknown():
    assert math.isnan(cohen_kappa(np.zeros((4, 4))))
    assert math.isnan(cohen_kappa(np.diag([7.0, 0, 0, 0])))
    assert math.isnan(fleiss_kappa(np.zeros((0, 4))))
    assert math.isnan(fleiss_kappa(np.array([[1.0, 0], [0, 1.0]])))


@given(st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4), min_size=4, max_size=4))
def test_kappa_knows_no_first_reader_and_is_at_most_one(counts):
    table = np.array(counts, dtype=float)
    one, other = cohen_kappa(table), cohen_kappa(table.T)
    assert math.isnan(one) == math.isnan(other)
    if not math.isnan(one):
        assert one == pytest.approx(other)
        assert one <= 1 + 1e-12
