"""Sidecars: what stays is a part of what came in, and holds no free text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defacto.config import PrivacySettings
from defacto.privacy import sidecar, sidecar_terms

ALLOWED = {
    *sidecar_terms.NUMBERS,
    *sidecar_terms.BOOLEANS,
    *sidecar_terms.VALUES,
    *sidecar_terms.WORDS,
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
SIDECARS = st.dictionaries(st.sampled_from(sorted(ALLOWED)) | st.text(), JSON)

SKYRA = {
    "Modality": "MR",
    "MagneticFieldStrength": 3,
    "Manufacturer": "Siemens",
    "ManufacturersModelName": "Skyra",
    "BodyPart": "BRAIN",
    "PatientPosition": "HFS",
    "SoftwareVersions": "syngo MR D11",
    "MRAcquisitionType": "3D",
    "ScanningSequence": "GR\\IR",
    "SequenceVariant": "SK\\SP\\MP",
    "PulseSequenceType": "MPRAGE",
    "ScanOptions": "IR",
    "SequenceName": "*tfl3d1_16ns",
    "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND", "NORM", "MAGNITUDE"],
    "NonlinearGradientCorrection": False,
    "SliceThickness": 0.9,
    "EchoTime": 0.00252,
    "RepetitionTime": 2,
    "InversionTime": 0.9,
    "FlipAngle": 9,
    "ReceiveCoilName": "Head_32",
    "ReceiveCoilActiveElements": "HEA;HEP",
    "CoilCombinationMethod": "Adaptive Combine",
    "MatrixCoilMode": "GRAPPA",
    "ImageOrientationPatientDICOM": [0.05, 0.96, 0.25, 0.01, 0.25, -0.96],
    "ConversionSoftware": "dcm2niix",
    "ConversionSoftwareVersion": "v1.0.20260724",
}
PERSONAL = {
    "InstitutionName": "General",
    "InstitutionAddress": "Road 3",
    "DeviceSerialNumber": "45152",
    "StationName": "AWP45152",
    "PatientName": "Doe^Jane",
    "PatientID": "0815",
    "PatientBirthDate": "19860129",
    "AcquisitionTime": "08:06:16.162500",
    "AcquisitionDateTime": "2013-03-08T08:06:16",
    "SeriesInstanceUID": "1.3.12",
    "StudyDescription": "Doe",
    "SeriesDescription": "SAG",
    "ProtocolName": "Jane",
    "ImageComments": "seen",
    "ProcedureStepDescription": "x",
    "ImagingFrequency": 123.154371,
    "ShimSetting": [1, 2],
    "PulseSequenceDetails": "%CustomerSeq%\\MGH",
    "Comments": {"EchoTime": 1},
}


def test_a_sidecar_of_dcm2niix_keeps_hardware_and_sequence():
    kept = sidecar.clean(SKYRA | PERSONAL)
    assert kept == {tag: value for tag, value in SKYRA.items() if tag != "ConversionSoftwareVersion"}


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("Manufacturer", "Jane Doe"),
        ("Manufacturer", "Siemens Jane"),
        ("Manufacturer", ["Siemens", "Jane"]),
        ("Manufacturer", "SIEMENS " * 20),
        ("ManufacturersModelName", "Skyra 45152"),
        ("SoftwareVersions", "syngo 2013/03/08"),
        ("SoftwareVersions", "syngo 8.3.2013"),
        ("ReceiveCoilName", "Müller"),
        ("ReceiveCoilName", "Head\nJane"),
        ("EchoTime", "0.003"),
        ("EchoTime", True),
        ("EchoTime", float("nan")),
        ("EchoTime", 19860129),
        ("EchoTime", {"value": 1}),
        ("EchoTime", []),
        ("SliceTiming", [0, "Jane"]),
        ("SpoilingState", 1),
        ("MRAcquisitionType", "4D"),
        ("ScanningSequence", None),
    ],
)
def test_values_of_the_wrong_kind_go(tag, value):
    assert sidecar.clean({tag: value}) == {}


@given(SIDECARS)
def test_what_stays_is_a_part_and_cleaning_twice_is_cleaning_once(content):
    kept = sidecar.clean(content)
    assert all(content[tag] is value for tag, value in kept.items())
    assert sidecar.clean(kept) == kept
    assert set(kept) <= ALLOWED
    json.dumps(kept, allow_nan=False)


@given(st.sampled_from(sorted(ALLOWED)), st.sampled_from(["Plantard", "Osric", "PLACC0417", "20090703"]))
def test_a_planted_word_stays_nowhere(tag, word):
    for value in (word, word.lower(), [word], f"MR {word}", f"{word}\\SE"):
        assert sidecar.clean({tag: value}) == {}


def test_tags_are_on_one_list_only():
    lists = [
        set(sidecar_terms.NUMBERS),
        set(sidecar_terms.BOOLEANS),
        set(sidecar_terms.VALUES),
        set(sidecar_terms.WORDS),
        set(sidecar_terms.REFUSED),
    ]
    assert sum(map(len, lists)) == len(set().union(*lists))


def test_the_list_covers_the_terms_of_bids():
    schema = pytest.importorskip("bidsschematools.schema").load_schema()
    rules = schema.rules.sidecars
    fields = {
        field: schema.objects.metadata[field]
        for group in (rules.anat, rules.mri, rules.entity_rules)
        for rule in group.values()
        for field in rule.fields
    }
    terms = {field.split("__")[0] for field in fields}
    assert terms <= ALLOWED | set(sidecar_terms.REFUSED)
    assert ALLOWED - terms == sidecar_terms.ADDITIONS
    for field, meaning in fields.items():
        if (tag := field.split("__")[0]) in ALLOWED:
            assert _kinds(meaning) & _expected(tag), tag


def _kinds(meaning):
    options = meaning.get("anyOf", [meaning])
    return {each.get("items", each).get("type") for each in options}


def _expected(tag):
    if tag in sidecar_terms.NUMBERS:
        return {"number", "integer"}
    return {"boolean"} if tag in sidecar_terms.BOOLEANS else {"string"}


def test_a_tag_of_ones_own_stays_where_its_value_is_harmless():
    mine = PrivacySettings(keep=("CoilTemperature", "Arm", "Visit"))
    cleaned = sidecar.clean(
        {"CoilTemperature": 21.5, "Arm": "placebo B", "Visit": "2011-03-04", "Other": 1}, mine
    )
    assert cleaned == {"CoilTemperature": 21.5, "Arm": "placebo B"}


@pytest.mark.parametrize(
    "value", ["19700102", 19700102, "a@b.org", "Doe^Jane", "0049 30 1234567", {"a": 1}, None, []]
)
def test_a_tag_of_ones_own_goes_where_its_value_may_name_somebody(value):
    assert sidecar.clean({"Mine": value}, PrivacySettings(keep=("Mine",))) == {}


def test_what_was_struck_out_goes_though_it_is_allowed():
    tags = {"EchoTime": 0.003, "FlipAngle": 9, "Manufacturer": "Siemens", "ImageType": ["ORIGINAL", "M"]}
    struck = PrivacySettings(
        strike=("EchoTime", "FlipAngle=9", "Manufacturer=GE", 'ImageType=["ORIGINAL", "M"]')
    )
    assert sidecar.clean(tags, struck) == {"Manufacturer": "Siemens"}
