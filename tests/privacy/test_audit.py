"""The tally is the same however it is shared out; every planted identifier is found where it stands."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from planted_set import PLANTED, make_plain, plant, write_json

from defacto.errors import InputError, SettingsError
from defacto.pipeline import audit as walk
from defacto.pipeline.audit import audit
from defacto.privacy import tally as tally_module
from defacto.privacy.audit import conclude
from defacto.privacy.header_texts import printable
from defacto.privacy.judge import judge
from defacto.privacy.sidecar import is_struck
from defacto.privacy.strikes import Choice, Strikes, entry_of, read_strikes
from defacto.privacy.tally import Tag, Tally, Value, key_of


@pytest.fixture
def plain(tmp_path):
    return make_plain(tmp_path / "set")


@pytest.fixture
def planted(plain):
    return plant(plain)


def by_tag(found):
    return {str(each.tag): each for each in found.tags}


def marks(found, tag):
    return {mark for item in by_tag(found)[tag].items for mark in item.marks}


def test_a_plain_set_is_clean(plain):
    found = audit(plain)
    assert [(str(tag.tag), tag.all_marks) for tag in found.tags if tag.open] == []
    assert found.clean
    assert (found.subjects, found.unread) == (6, 0)


def test_what_is_planted_is_found_in_its_place(planted):
    found = audit(planted)
    expected = {
        **{tag: set() for tag in PLANTED if tag != "Site"},
        "Site.Contact.Room": {"address"},
        "Site.Contact.Archive": {"path"},
        "PatientName": {"name"},
        "PatientAge": {"age"},
        "SeriesInstanceUID": {"uid", "date"},
        "ImageComments": {"phone", "e-mail"},
        "EchoTime": {"unexpected"},
        "text:README": {"name", "phone", "date"},
        "participants.tsv:age": {"age"},
        "participants.tsv:dob": {"date"},
        "participants.tsv:notes": {"name"},
        "scans.tsv:acq_time": {"date", "time"},
        "dataset_description:Name": {"date"},
        "name:sub": {"date"},
        "name:acq": {"number"},
        "name:folder": {"name"},
        "nifti:descrip": {"time"},
        "nifti:aux_file": {"path"},
        "nifti:db_name": {"header text"},
        "nifti:extension 2": {"name"},
        "gzip:name": {"number"},
        "gzip:time": {"date"},
        "not read:files": {"not read"},
    }
    missed = {tag: least - marks(found, tag) for tag, least in expected.items() if least - marks(found, tag)}
    assert missed == {}
    assert [tag for tag in PLANTED if tag != "Site" and not by_tag(found)[tag].open] == []
    assert {item.text for item in by_tag(found)["not read:files"].items} == {
        "hidden: .heudiconv",
        "files .pdf",
    }


def test_nothing_in_the_set_is_changed(planted):
    before = {path: path.read_bytes() for path in planted.rglob("*") if path.is_file()}
    audit(planted)
    assert {path: path.read_bytes() for path in planted.rglob("*") if path.is_file()} == before


def test_what_is_decided_is_asked_no_more(planted):
    found = audit(planted)
    accepted = {str(tag.tag) for tag in found.tags if tag.open}
    assert audit(planted, Strikes(frozenset(accepted))).clean
    entries = {item.entry for tag in found.tags for item in tag.items if item.is_open}
    left = audit(planted, Strikes(frozenset(entries)))
    assert left.open == sum(tag.asks_as_a_whole for tag in found.tags)


def test_a_strike_holds_until_the_value_is_gone(planted):
    sidecar = planted / "sub-01" / "anat" / "sub-01_T1w.json"
    open_before = {str(tag.tag) for tag in audit(planted).tags if tag.open} - {"PatientName"}
    strikes = Strikes(frozenset(open_before), frozenset({"PatientName=Quill^Dorothea"}))
    found = audit(planted, strikes)
    assert (found.open, found.struck, found.clean) == (0, 1, False)
    document = json.loads(sidecar.read_text())
    del document["PatientName"]
    write_json(sidecar, document)
    assert audit(planted, strikes).clean


def test_a_value_of_every_subject_and_a_rare_one_are_told(tmp_path):
    root = make_plain(tmp_path / "set", subjects=12)
    for n in range(1, 13):
        path = root / f"sub-{n:02d}" / "anat" / f"sub-{n:02d}_T1w.json"
        document = json.loads(path.read_text())
        own = {"SAR": n / 7, "Vendor": "head" if n == 3 else "brain", "IntendedFor": f"sub-{n:02d}/x.nii.gz"}
        write_json(path, {**document, **own})
    found = by_tag(audit(root))
    assert found["SAR"].marks == ("varies",)
    assert [(item.text, item.marks) for item in found["Vendor"].items if item.marks] == [("head", ("rare",))]
    assert not found["IntendedFor"].open
    assert not found["EchoTime"].open


def test_values_in_lists_objects_and_odd_keys_are_seen(plain):
    document = {
        "A": [{"Who": "Quill^D"}, {"Who": "x"}],
        "B": ["a", "Dr. Finch"],
        "C": {"Quill^Dorothea": 1},
        "D": {"E": {"F": 20190304}},
    }
    write_json(plain / "sub-01" / "anat" / "sub-01_T2w.json", document)
    found = audit(plain)
    assert {str(tag.tag) for tag in found.tags if tag.open} == {"A.Who", "B", "C.(keys)", "D.E.F"}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a": 1} x', b"3"])
def test_a_broken_sidecar_is_told_and_stops_nothing(plain, content):
    (plain / "sub-01" / "anat" / "sub-01_T1w.json").write_bytes(content)
    found = audit(plain)
    assert found.files == 17
    if content != b"3":
        assert by_tag(found)["not read:files"].items[0].text == "broken or unreadable files .json"


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b", b"\x1f\x8b\x08\x18" + b"x" * 40, b"x" * 400])
def test_a_broken_volume_is_told_and_stops_nothing(plain, content):
    (plain / "sub-01" / "anat" / "sub-01_T1w.nii.gz").write_bytes(content)
    assert marks(audit(plain), "not read:files") == {"not read"}


def test_links_and_hidden_files_are_told(plain, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (plain / "sourcedata").symlink_to(tmp_path / "elsewhere")
    (plain / "sub-01" / "anat" / "sub-01_T2w.json").symlink_to(tmp_path / "nowhere")
    (plain / ".git").mkdir()
    (plain / ".bidsignore").write_text("*.x\n")
    texts = {item.text for item in by_tag(audit(plain))["not read:files"].items}
    assert texts == {"links to folders", "broken or unreadable files .json", "hidden: .git"}


def test_the_number_of_processes_changes_nothing(planted, monkeypatch):
    monkeypatch.setattr(walk, "_FILES_AT_ONCE", 3)
    assert audit(planted, nprocs=1) == audit(planted, nprocs=2)


def test_progress_is_told_to_the_end(plain):
    told = []
    audit(plain, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (17, 17)


def test_what_is_no_data_set_is_refused(tmp_path):
    with pytest.raises(InputError, match="no BIDS data set"):
        audit(tmp_path)


VALUES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 60)), max_size=120)


def counted(pairs):
    """Return a tally of values by subject; odd subjects have something that looks like a date."""
    made = Tally()
    for subject in sorted({subject for subject, _ in pairs}):
        for number in [value for each, value in pairs if each == subject]:
            made.begin(f"sub-{subject:02d}/x.json", f"sub-{subject:02d}")
            made.files += 1
            made.add("", "Free", f"word{number}" if number % 2 else f"{2000 + number}-03-04")
    return made


@example(pairs=[(0, n % 12) for n in range(40)] + [(1, 3)], parts=2, rng=random.Random(1))
@given(VALUES, st.integers(1, 5), st.randoms(use_true_random=False))
def test_the_tally_is_the_same_however_it_is_shared_out(pairs, parts, rng):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tally_module, "MOST_VALUES", 7)
        patch.setattr(tally_module, "MOST_WORST", 3)
        whole = counted(pairs)
        shares = [counted([pair for pair in pairs if pair[0] % parts == part]) for part in range(parts)]
        rng.shuffle(shares)
        joined = Tally()
        for share in shares:
            joined.join(share)
        assert conclude(joined, Strikes(), subjects=3) == conclude(whole, Strikes(), subjects=3)


@given(VALUES)
def test_nothing_is_lost_of_what_is_not_listed(pairs):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tally_module, "MOST_VALUES", 7)
        patch.setattr(tally_module, "MOST_WORST", 3)
        found = conclude(counted(pairs), Strikes(), subjects=3)
    for tag in found.tags:
        assert sum(item.seen for item in tag.items) + tag.more == len(pairs)
        dates = sum(item.seen for item in tag.items if "date" in item.marks) + tag.more_marks.get("date", 0)
        assert dates == sum(number % 2 == 0 for _, number in pairs)


def test_the_number_of_different_values_is_estimated_well():
    made = Tally()
    for number in range(20_000):
        made.begin("x", "sub-1")
        made.add("", "Free", f"{random.Random(number).random()}")
    (found,) = conclude(made, Strikes(), subjects=1).tags
    assert len(found.items) >= tally_module.MOST_VALUES
    assert abs(found.distinct - 20_000) < 2_500


@given(st.text(max_size=900), st.booleans())
def test_an_entry_names_its_value_to_the_sidecar(text, is_json):
    value = Value.of(key_of(text, is_json=False))
    entry = entry_of(Tag("", "Tag"), value)
    if not text.startswith(("\0", "\1")):
        assert is_struck("Tag", text, (entry,))
        assert is_struck("Tag", text, Strikes(strike=frozenset({entry})).for_sidecars)
    assert not is_struck("Tag", text + "x", (entry,))


def test_settings_keep_of_struck_values_the_digest_alone():
    strikes = Strikes(strike=frozenset({"Tag=Quill", "Other", "name:sub=quill"}))
    assert all("uill" not in entry for entry in strikes.for_sidecars)
    assert len(strikes.for_sidecars) == 2
    assert is_struck("Tag", "Quill", strikes.for_sidecars)


def test_a_strike_outweighs_an_acceptance():
    strikes = Strikes(frozenset({"A"}), frozenset({"A=x"}))
    assert strikes.of(Tag("", "A"), Value("x")) is Choice.STRUCK
    assert strikes.of(Tag("", "A"), Value("y")) is Choice.ACCEPTED
    assert strikes.of(Tag("", "B"), Value("y")) is Choice.OPEN


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("accepted = ", "is not TOML"),
        ("accepted = 3", "a list of"),
        ("strike = [3]", "a list of"),
        ('strike = [""]', "a list of"),
        ("struck = []", "got struck"),
        ('accepted = ["A=secret"]\nstrike = ["A=secret"]', "A stands under both"),
    ],
)
def test_a_bad_strikes_file_is_one_sentence(tmp_path, text, said):
    path = tmp_path / "strikes.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=said) as caught:
        read_strikes(path)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_strikes_file_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        read_strikes(tmp_path / "none.toml")
    assert read_strikes(None) == Strikes()


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16-le", "utf-16-be"])
def test_texts_among_bytes_are_read_in_any_width(encoding):
    assert "Quill^Dorothea" in printable(b"\2\3\0\0" + "Quill^Dorothea".encode(encoding) + b"\0\0\1")


def test_mgh_tags_behind_the_voxels_are_found(plain):
    header = bytearray(284)
    header[:28] = b"".join(n.to_bytes(4, "big") for n in (1, 4, 4, 4, 1, 3, 0))
    path = Path(plain / "sub-01" / "anat" / "sub-01_T2w.mgh")
    path.write_bytes(bytes(header) + bytes(4 * 64) + bytes(20) + b"mri_convert /home/quill/raw.mgz")
    assert "path" in marks(audit(plain), "mgh:tags")


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("Rumpelstilz", ("unknown word",)),
        ("head coil 3", ()),
        ("rest", ()),
        ("T1", ()),
        ("x Rumpelstilz", ("unknown word",)),
    ],
)
def test_a_word_on_no_list_is_a_reason_to_look(text, marks):
    assert judge("", "Arm", text) == marks
    assert judge("participants.tsv", "arm", text) == marks
    assert judge("nifti", "descrip", text) == marks
