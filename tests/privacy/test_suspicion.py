"""What is suspicious: dates in any order and language, and what else names people; never plain physics."""

import datetime
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defacto.privacy import sidecar_terms
from defacto.privacy.judge import judge
from defacto.privacy.suspicion import MARKS, marks_of_number, marks_of_text
from defacto.privacy.suspicion_names import name_in_label

DATES = st.dates(datetime.date(1926, 1, 1), datetime.date(2099, 12, 31))
MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
}
ORDERS = [
    "{y:04}{m:02}{d:02}",
    "{y:04}-{m:02}-{d:02}",
    "{y:04}/{m:02}/{d:02}",
    "{y:04}.{m}.{d}",
    "{y:04}_{m:02}_{d:02}",
    "{y:04} {m:02} {d:02}",
    "{d:02}.{m:02}.{y:04}",
    "{d}.{m}.{y:04}",
    "{d}. {m}. {y:04}",
    "{d:02}/{m:02}/{y:04}",
    "{m:02}/{d:02}/{y:04}",
    "{m}-{d}-{y:04}",
    "{d:02}-{m:02}-{s:02}",
    "{m:02}/{d:02}/{s:02}",
    "{d:02}.{m:02}.{s:02}",
    "{y:04}-{m:02}-{d:02}T10:11:12.5+01:00",
    "{y:04}{m:02}{d:02}101112.000000+0100",
    "{y:04}{m:02}{d:02}T101112",
    "{d:02}{m:02}{y:04}",
    "{d} {name} {y:04}",
    "{d}. {name} {y:04}",
    "{d:02}-{name}-{y:04}",
    "{d:02}{name}{y:04}",
    "{name} {d}, {y:04}",
    "{name} {y:04}",
    "{d} {name}",
    "{name} {d}",
]
PLAIN = [
    "t1_mprage_sag_p2_iso",
    "ep2d_bold_moco_p2",
    "HEA;HEP",
    "syngo MR E11",
    "Head Coil",
    "Adaptive Combine",
    "bids::sub-01/anat/sub-01_T1w.nii.gz",
    "1.10.0",
    "rest",
    "n/a",
    "",
    "3D T1w",
    "1900-01-02T10",
    "i-",
]


def written(date, order, language, *, short=False):
    name = MONTHS[language].split()[date.month - 1]
    name = name[:3] if short and language == "en" else name
    return order.format(y=date.year, m=date.month, d=date.day, s=date.year % 100, name=name)


@given(DATES, st.sampled_from(ORDERS), st.sampled_from(sorted(MONTHS)), st.booleans(), st.booleans())
def test_dates_in_any_order_are_found(date, order, language, short, upper):
    text = written(date, order, language, short=short)
    text = text.upper() if upper else text
    for whole in (text, f"scanned {text} again", f"({text})", f"x_{text}_y"):
        assert "date" in marks_of_text(whole), whole
        assert "date" in marks_of_text(whole, "prose"), whole


@given(DATES, st.from_regex(r"[1-9]\d{0,4}", fullmatch=True), st.from_regex(r"\d{0,10}", fullmatch=True))
def test_dates_in_uids_are_found(date, before, after):
    uid = f"1.3.12.2.1107.5.2.43.{before}.{date:%Y%m%d}{after}"
    assert {"uid", "date"} <= marks_of_text(uid)


@given(DATES)
def test_dates_in_labels_and_numbers_are_found(date):
    assert "date" in marks_of_text(f"{date:%Y%m%d}", "label")
    assert "date" in marks_of_text(f"{date:%y%m%d}", "label")
    assert "date" in marks_of_text(f"visit{date:%Y%m%d}x", "label")
    assert "date" in marks_of_number(int(f"{date:%Y%m%d}"))
    assert "date" in judge("name", "ses", f"{date:%d%m%Y}")


@given(st.datetimes(datetime.datetime(2000, 1, 1), datetime.datetime(2030, 1, 1)))
def test_seconds_since_1970_are_dates(moment):
    seconds = moment.replace(tzinfo=datetime.UTC).timestamp()
    assert "date" in marks_of_number(seconds)
    assert "date" in marks_of_number(round(1000 * seconds))


@given(st.dates(datetime.date(1800, 1, 1), datetime.date(1925, 12, 31)))
def test_dates_that_were_shifted_as_bids_asks_are_none(date):
    assert "date" not in marks_of_text(date.isoformat())
    assert judge("", "AcquisitionDateTime", f"{date}T10:11:12.25") == ()
    assert judge("scans.tsv", "acq_time", f"{date}T10:11:12") == ()
    assert judge("", "AcquisitionDateTime", f"{date}T10:11:12 Dr. Finch") != ()


@given(
    st.times(),
    st.sampled_from(["{:%H:%M}", "{:%H:%M:%S}", "{:%H:%M:%S.%f}", "{:%H%M%S.%f}", "at {:%I:%M %p}"]),
)
def test_times_are_found(time, form):
    assert "time" in marks_of_text(form.format(time))


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("Quill^Dorothea", "name"),
        ("QUILL^D^^DR", "name"),
        ("Quill, Dorothea", "name"),
        ("Finch Wexley", "name"),
        ("Dr. Finch", "name"),
        ("Łukasz Ńowakowski", "name"),
        ("O'Neil Jean-Luc", "name"),
        ("DOE J.", "name"),
        ("Ćwik, Żaneta", "name"),
        ("山田太郎", "name"),
        ("Иванов", "name"),
        ("seen by J. Wexley today", "name"),
        ("maria", "name"),
        ("a.quill@nowhere.example", "e-mail"),
        ("+49 30 5557788", "phone"),
        ("(617) 555-0100", "phone"),
        ("617-555-0100", "phone"),
        ("tel 5550100", "phone"),
        ("093Y", "age"),
        ("aged 93", "age"),
        ("a 95-year-old", "age"),
        ("MRN 0070012", "number"),
        ("70012345", "number"),
        ("123-45-6789", "number"),
        ("/home/quill/raw/x.nii", "path"),
        ("C:\\Users\\quill\\x", "path"),
        ("\\\\server\\share", "path"),
        ("file ~/raw/x", "path"),
        ("https://nowhere.example/x", "url"),
        ("10.1.2.34", "host"),
        ("pacs01.clinic.local", "host"),
        ("AWP45678", "host"),
        ("00:1A:2B:3C:4D:5E", "host"),
        ("SN: 45678", "serial"),
        ("QX77120041", "serial"),
        ("1.2.840.113619.2.5.1762583153", "uid"),
        ("6fa459ea-ee8a-3ca4-894e-db77e160355e", "uid"),
        ("12 Harbour Street", "address"),
        ("Hafenstraße 12", "address"),
        ("Nowhere University Hospital", "address"),
        ("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9w", "encoded"),
        ("d2c4f0b1a9e8d7c6b5a4f3e2d1c0b9a8", "encoded"),
        ("the patient was restless and moved", "free text"),
        ("x" * 70, "long"),
    ],
)
def test_each_kind_is_found_and_explained(text, mark):
    assert mark in marks_of_text(text)
    assert MARKS[mark].sentence.endswith(".")


@pytest.mark.parametrize("text", PLAIN)
def test_plain_text_is_not_suspicious(text):
    assert marks_of_text(text) == frozenset()


def numbers(tag):
    most = sidecar_terms.NUMBERS[tag]
    one = st.floats(-most, most) | st.integers(-int(most), int(most))
    return one | st.lists(one, min_size=1, max_size=200)


@given(
    st.sampled_from(sorted(sidecar_terms.NUMBERS)).flatmap(lambda tag: st.tuples(st.just(tag), numbers(tag)))
)
def test_plausible_physics_is_never_suspicious(pair):
    tag, value = pair
    assert judge("", tag, json.dumps(value), is_json=True) == ()


@pytest.mark.parametrize(("tag", "values"), sorted(sidecar_terms.VALUES.items()))
def test_words_of_the_list_are_never_suspicious(tag, values):
    assert [value for value in values if judge("", tag, value)] == []


@given(st.text(max_size=300), st.sampled_from(["text", "prose", "label"]))
def test_any_text_can_be_judged(text, form):
    assert marks_of_text(text, form) <= set(MARKS)


@given(st.floats() | st.integers(), st.booleans())
def test_any_number_can_be_judged(value, age):
    assert marks_of_number(value, age=age) <= set(MARKS)


@pytest.mark.parametrize(
    ("place", "name", "text", "marks"),
    [
        ("", "EchoTime", "30", ("unexpected",)),
        ("", "PatientAge", "93", ("age", "identifying tag")),
        ("", "StationName", "n/a", ()),
        ("", "StationName", "x", ("identifying tag",)),
        ("participants.tsv", "age", "93", ("age",)),
        ("participants.tsv", "age", "89", ()),
        ("participants.tsv", "participant_id", "sub-01", ()),
        ("participants.tsv", "participant_id", "sub-70012345", ("number",)),
        ("scans.tsv", "filename", "anat/sub-01_acq-20190304_T1w.nii.gz", ("date",)),
        ("dataset_description", "Authors", "Dorothea Quill", ()),
        ("dataset_description", "Name", "Ward of 12.03.2019", ("date",)),
        ("name", "sub", "quill", ("name",)),
        ("name", "sub", "control01", ()),
        ("name", "sub", "000053", ()),
        ("name", "sub", "0070012345", ("number",)),
        ("name", "acq", "highres", ()),
        ("name", "acq", "MariaBravo", ("name",)),
        ("name", "sub", "k3f7a2bq5z", ()),
        ("text", "CHANGES", "1.0.0 2019-03-04", ()),
        ("text", "README", "Scanned on 2019-03-04", ("date",)),
        ("gzip", "time", "2019-03-04", ("date",)),
        ("nifti", "extension 2", "abc", ("header text",)),
        ("nifti", "descrip", "FSL5.0", ()),
        ("nifti", "descrip", "TE=2.5;Time=80616.163;phase=1", ("time",)),
    ],
)
def test_the_place_of_a_value_counts(place, name, text, marks):
    assert judge(place, name, text, is_json=text.isdigit() and not place) == marks


@pytest.mark.parametrize(
    ("label", "is_name"), [("01", False), ("HC012", False), ("smith", True), ("annaB", True)]
)
def test_labels_of_letters_alone_may_be_names(label, is_name):
    assert name_in_label(label) is is_name
