"""Mappings: what is wrong with one is said."""

import pytest

from defacto.errors import SettingsError
from defacto.io.mapping import build_rules, read_mapping


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ({"suffix": "T1w"}, "at least one match condition"),
        ({"match": {"colour": "red"}, "suffix": "T1w"}, "no condition colour"),
        ({"match": {"description": "("}, "suffix": "T1w"}, "regular expression"),
        ({"match": {"description": 3}, "suffix": "T1w"}, "regular expression"),
        ({"match": {"number": "3"}, "suffix": "T1w"}, "whole number"),
        ({"match": {"echo_time_ms": [3, 1]}, "suffix": "T1w"}, "least, most"),
        ({"match": {"number": 3}}, "either leave_out, or a suffix"),
        ({"match": {"number": 3}, "suffix": "T1w", "leave_out": "x"}, "either leave_out, or a suffix"),
        ({"match": {"number": 3}, "suffix": "../T1w"}, "BIDS suffix"),
        ({"match": {"number": 3}, "suffix": "T1w", "entities": {"subject": "x"}}, "entity subject"),
        ({"match": {"number": 3}, "suffix": "T1w", "entities": {"acq": "a_b"}}, "letters and digits"),
    ],
)
def test_wrong_entries(entry, complaint):
    with pytest.raises(SettingsError, match=complaint):
        build_rules({"series": [entry]})


def test_wrong_files(tmp_path):
    assert read_mapping(None) == ()
    with pytest.raises(SettingsError, match="cannot be read"):
        read_mapping(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("[[")
    with pytest.raises(SettingsError, match="not TOML"):
        read_mapping(tmp_path / "bad.toml")
    with pytest.raises(SettingsError, match="nothing else"):
        build_rules({"serie": []})
