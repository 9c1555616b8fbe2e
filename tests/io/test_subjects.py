"""Labels of subjects: stable, keyed, and linked only where the user asks."""

import re
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defacto.errors import InputError, SettingsError
from defacto.io import subjects

KEY = bytes(range(32))


@given(st.text(min_size=1), st.text(), st.text())
def test_a_label_depends_on_the_patient_id_alone(patient_id, name, birth_date):
    if not patient_id.replace("^", " ").strip():
        return
    label = subjects.subject_label(KEY, patient_id)
    assert re.fullmatch("[a-z2-7]{10}", label)
    assert label == subjects.subject_label(KEY, f" {patient_id} ", name=name, birth_date=birth_date)
    assert label != subjects.subject_label(bytes(32), patient_id)


def test_labels_are_the_same_in_every_version():
    assert subjects.subject_label(KEY, "PLANTED-0417") == "jmxo7hdzdn"


def test_name_and_birth_date_stand_in_for_a_missing_id():
    label = subjects.subject_label(KEY, "", name="Doe^Jane", birth_date="19860129")
    assert label == subjects.subject_label(KEY, "  ", name="DOE^JANE", birth_date="19860129")
    assert label != subjects.subject_label(KEY, "", name="Doe^Jane", birth_date="19860130")
    with pytest.raises(InputError, match="patient ID"):
        subjects.subject_label(KEY, "")


def test_key_is_made_once_and_is_private(tmp_path):
    path = tmp_path / "deep" / "subject.key"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: subjects.subject_key(path), range(32)))
    assert len(keys) == 1
    assert len(keys.pop()) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["subject.key"]


def test_where_the_key_lies(tmp_path, monkeypatch):
    monkeypatch.delenv(subjects.KEY_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert subjects.key_path() == tmp_path / "defacto" / "subject.key"
    monkeypatch.setenv(subjects.KEY_VARIABLE, str(tmp_path / "other"))
    assert subjects.subject_key() == (tmp_path / "other").read_bytes()


def test_a_damaged_key_is_not_replaced(tmp_path):
    path = tmp_path / "subject.key"
    path.write_bytes(b"short")
    with pytest.raises(SettingsError, match="5 bytes, expected 32"):
        subjects.subject_key(path)
    assert path.read_bytes() == b"short"


def test_link_table_lies_outside_of_the_run(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(SettingsError, match="may not lie"):
        subjects.link_table([("sub-a", "1")], out / "deep" / ".." / "link.tsv", outside=out)
    (tmp_path / "alias").symlink_to(out)
    with pytest.raises(SettingsError, match="may not lie"):
        subjects.link_table([("sub-a", "1")], tmp_path / "alias" / "link.tsv", outside=out)
    path = tmp_path / "link.tsv"
    subjects.link_table([("sub-b", "2"), ("sub-a", "1\t1"), ("sub-b", "2")], path, outside=out)
    assert path.read_text() == 'participant_id\tsource_id\nsub-a\t"1\t1"\nsub-b\t2\n'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@given(st.text(min_size=1).filter(str.strip))
def test_no_label_looks_like_a_name(patient_id):
    label = subjects.keyed_label(KEY, patient_id)
    assert len(label) == 10
    assert any(map(str.isdigit, label[:6]))
