"""BIDS names: apart and together again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defacto.io import names

LABEL = st.text("abcXYZ0189", min_size=1, max_size=6)
KEYS = st.lists(st.sampled_from([key for key in names.ORDER if key != "sub"]), unique=True)


@given(LABEL, KEYS, st.data(), st.sampled_from(["T1w", "FLAIR", "defacemask"]))
def test_a_name_taken_apart_is_the_same_name(subject, keys, data, suffix):
    entities = {"sub": subject} | {key: data.draw(LABEL) for key in keys}
    name = names.Name(entities, suffix, ".nii.gz")
    parsed = names.parse(str(name))
    assert parsed == name
    assert list(parsed.entities) == list(entities)
    assert parsed.stem + ".nii.gz" == str(name)


@given(st.text(max_size=30))
def test_whatever_parses_comes_back_as_it_was(text):
    name = names.parse(text)
    assert name is None or str(name) == text


@given(KEYS)
def test_order_is_that_of_bids(keys):
    ordered = list(names.in_order(dict.fromkeys(["sub", *keys], "1")))
    assert ordered == [key for key in names.ORDER if key in {"sub", *keys}]


def test_what_is_no_bids_name():
    for text in (
        "brain.nii",
        "sub-_T1w.nii",
        "sub-01.nii",
        "sub-01_sub-02_T1w.nii",
        "ses-1_sub-1_T1w.nii",
        "",
        "_",
    ):
        assert names.parse(text) is None


def test_the_order_is_that_of_the_schema():
    schema = pytest.importorskip("bidsschematools.schema").load_schema()
    order = [schema.objects.entities[entity].name for entity in schema.rules.entities]
    assert [key for key in order if key in names.ORDER] == list(names.ORDER)
