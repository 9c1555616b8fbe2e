"""What may stay of a person, and what gives one away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defacto.privacy.person import gives_away, kept, words_in_sidecar


@given(st.floats(0, 120))
def test_ages_from_89_on_are_one_group(age):
    said = kept({"age": f"{age:.1f}"})["age"]
    assert (said == "89+") == (round(age, 1) >= 89)


@pytest.mark.parametrize(
    ("text", "years"),
    [("035Y", "35"), ("006M", "0.5"), ("010D", "0"), ("104Y", "89+"), ("89+", "89+"), ("41.26", "41.3")],
)
def test_ages_of_dicom_and_bids_are_years(text, years):
    assert kept({"age": text}) == {"age": years}


@given(st.dictionaries(st.sampled_from(["age", "sex", "weight", "height", "name", "group"]), st.text()))
def test_nothing_but_known_values_stays(facts):
    for name, value in kept(facts).items():
        assert name in {"age", "sex", "weight", "height"}
        assert value in {"M", "F", "O", "89+"} or 0 <= float(value) <= 300


@given(st.dates(), st.text("abcxyz", max_size=4), st.text("abcxyz", max_size=4))
def test_a_label_with_a_day_gives_away(day, before, behind):
    if not 1900 <= day.year <= 2099:
        return
    for order in ("%Y%m%d", "%d%m%Y", "%m%d%Y"):
        assert gives_away(before + day.strftime(order) + behind, frozenset())


@pytest.mark.parametrize(
    "label", ["01", "1000234", "100307", "UKB1234567", "pilot03", "00000000", "99999999"]
)
def test_plain_labels_do_not(label):
    assert not gives_away(label, frozenset({"doe", "olga", "p77"}))


def test_what_the_sidecar_says_of_the_patient_gives_away():
    known = words_in_sidecar(
        {"PatientName": "Plantov^Olga", "PatientID": "H-7781", "PatientSex": "F", "PatientPosition": "HFS"}
    )
    assert known == {"plantov", "olga", "7781"}
    assert gives_away("Plantov2", known)
    assert gives_away("x7781", known)
    assert gives_away("OLGA", known)
    assert not gives_away("hfs1", known)
