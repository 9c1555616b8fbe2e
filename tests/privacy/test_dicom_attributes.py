"""Attributes of DICOM images: what stays is known, all else goes, and the profile is kept to."""

import copy

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID

from defacto.config import PrivacySettings
from defacto.privacy import dicom_terms as terms
from defacto.privacy.dicom import Pseudonym, clean

KEY = b"k" * 32
NOBODY = Pseudonym("abc", KEY)
MOVED = Pseudonym("abc", KEY, PrivacySettings(dates="shift"))
KEPT = Pseudonym("abc", KEY, PrivacySettings(characteristics=True))
SAID_ANEW = {
    "PatientID",
    "PatientName",
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "DeidentificationMethodCodeSequence",
    "LongitudinalTemporalInformationModified",
    "RecognizableVisualFeatures",
}
UIDS = {"SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"}
WORDS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 ^_-./", max_size=24)


def image(**tags):
    data = Dataset()
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    data.SOPInstanceUID, data.StudyInstanceUID, data.SeriesInstanceUID = "1.2.1", "1.2.2", "1.2.3"
    data.Modality, data.PatientName, data.PatientID = "MR", "Plantov^Olga", "P77"
    for keyword, value in tags.items():
        setattr(data, keyword, value)
    return data


@pytest.mark.parametrize("pseudonym", [NOBODY, MOVED, KEPT])
def test_no_attribute_of_the_profile_keeps_its_value(pseudonym):
    options = terms.MOVED_DATES | terms.TIME_OF.keys() if pseudonym is MOVED else frozenset()
    options |= terms.CHARACTERISTICS if pseudonym is KEPT else frozenset()
    for tag in terms.PROFILE.keys() - options:
        keyword = keyword_for_tag(tag)
        value = a_value_of(dictionary_VR(tag).split(" or ")[0]) if keyword else None
        if value is None or keyword in terms.DESCRIPTORS:
            continue
        data = image()
        data.add(DataElement(tag, dictionary_VR(tag).split(" or ")[0], value))
        element = clean(data, pseudonym).get(tag)
        if element is not None and element.keyword not in SAID_ANEW:
            assert element.value != data[tag].value, keyword
            dummies = ("", "REMOVED", "19000101", "19000101000000", "000000")
            assert element.value in dummies or element.VR == "UI", keyword


def a_value_of(vr):
    item = Dataset()
    item.PatientName = "Plantov"
    values = {
        "SQ": Sequence([item]),
        "UI": "1.2.3.4",
        "DA": "20200101",
        "TM": "101010",
        "DT": "20200101101010",
    }
    values |= dict.fromkeys(("LO", "SH", "LT", "ST", "UT", "UC", "PN", "AE", "UR"), "Plantov")
    return (values | {"CS": "PLANTOV", "AS": "035Y", "DS": "1", "IS": "1", "US": 1}).get(vr)


@given(
    st.dictionaries(
        st.sampled_from(sorted({*terms.SINGLE, *terms.MULTI, *terms.PROFILE})), WORDS, max_size=12
    )
)
def test_text_that_nobody_knows_never_stays(values):
    data = image()
    for tag, text in values.items():
        vr = dictionary_VR(tag).split(" or ")[0]
        if vr in {"LO", "SH", "LT", "ST", "UT", "UC", "PN", "CS", "AE", "AS", "DA", "TM", "DT"}:
            data.add(DataElement(tag, vr, text, validation_mode=pydicom.config.IGNORE))
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    cleaned = clean(data, NOBODY)
    for element in cleaned:
        if element.keyword in SAID_ANEW or element.VR in {"UI", "SQ", "DS", "IS", "US"} or not element.value:
            continue
        if element.keyword in terms.DESCRIPTORS:
            known = terms.DESCRIPTORS[element.keyword].split()
            assert all(
                word.casefold().rstrip("0123456789") in known or word.casefold() in known
                for word in element.value.split()
            )
            assert sum(map(str.isdigit, element.value)) <= 2 * len(element.value.split())


@given(st.dictionaries(st.sampled_from(sorted(terms.SINGLE)), WORDS, max_size=8))
def test_cleaning_leaves_the_original_alone_and_twice_is_once(values):
    data = image()
    for tag, text in values.items():
        if dictionary_VR(tag) in {"LO", "SH", "CS"}:
            data.add(DataElement(tag, dictionary_VR(tag), text, validation_mode=pydicom.config.IGNORE))
    before = copy.deepcopy(data)
    once = clean(data, NOBODY)
    assert data == before
    twice = clean(once, NOBODY)
    assert {e.tag for e in twice} == {e.tag for e in once}
    assert all(e.value == once[e.tag].value for e in twice if e.VR != "UI")


def test_uids_are_replaced_alike_everywhere_and_are_valid():
    one, other = (
        clean(image(FrameOfReferenceUID="1.2.9"), NOBODY),
        clean(image(SOPInstanceUID="1.2.7"), NOBODY),
    )
    assert one.StudyInstanceUID == other.StudyInstanceUID
    assert one.SOPInstanceUID != other.SOPInstanceUID
    assert all(UID(one[keyword].value).is_valid for keyword in UIDS)
    assert clean(image(), Pseudonym("abc", b"x" * 32)).StudyInstanceUID != one.StudyInstanceUID


def test_intervals_between_studies_stay_where_dates_are_moved():
    first = clean(image(StudyDate="20200301", StudyTime="235900"), MOVED)
    second = clean(image(StudyDate="20200311", StudyTime="000100"), MOVED)
    from defacto.privacy.dates import read_moment

    gap = read_moment(second.StudyDate, second.StudyTime) - read_moment(first.StudyDate, first.StudyTime)
    assert (gap.days, gap.seconds) == (9, 120)
    assert first.LongitudinalTemporalInformationModified == "MODIFIED"
    assert "113107" in {item.CodeValue for item in first.DeidentificationMethodCodeSequence}
    assert clean(image(StudyDate="20200301"), NOBODY).StudyDate == ""


def test_characteristics_stay_only_where_asked_and_old_age_is_grouped():
    data = image(PatientAge="093Y", PatientSex="F", PatientWeight="61", PatientBirthDate="19300101")
    assert "PatientAge" not in clean(data, NOBODY)
    assert clean(data, NOBODY).PatientSex == ""
    cleaned = clean(data, KEPT)
    assert (cleaned.PatientAge, cleaned.PatientSex, cleaned.PatientWeight) == ("090Y", "F", 61)
    assert cleaned.PatientBirthDate == ""
    assert "113108" in {item.CodeValue for item in cleaned.DeidentificationMethodCodeSequence}


@pytest.mark.parametrize(("said", "told"), [("NO", "NO"), ("YES", None), ("", None), (None, None)])
def test_burned_in_annotation_is_said_only_where_the_scanner_said_no(said, told):
    data = image() if said is None else image(BurnedInAnnotation=said)
    assert clean(data, NOBODY).get("BurnedInAnnotation") == told


def test_descriptors_keep_their_known_words():
    data = image(
        SeriesDescription="t1_mprage_sag p2 iso Plantov 1979-02-03 #4711", ProtocolName="Dr. Plantin's T2"
    )
    cleaned = clean(data, NOBODY)
    assert cleaned.SeriesDescription == "t1 mprage sag p2 iso"
    assert cleaned.ProtocolName == "T2"


def test_a_word_of_the_patient_goes_even_from_the_name_of_the_scanner():
    data = image(ManufacturerModelName="Vida", Manufacturer="SIEMENS", PatientName="Vida^Anna")
    cleaned = clean(data, NOBODY)
    assert "ManufacturerModelName" not in cleaned
    assert cleaned.Manufacturer == "SIEMENS"


def test_private_tags_stay_only_where_known_to_be_numbers_of_the_acquisition():
    data = image()
    block = data.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    block.add_new(0x0C, "IS", "1000")
    block.add_new(0x0D, "CS", "PLANTOV")
    data.private_block(0x0029, "SIEMENS CSA HEADER", create=True).add_new(0x20, "OB", b"Plantov!")
    cleaned = clean(data, NOBODY)
    private = [
        element for element in cleaned if element.tag.is_private and not element.tag.is_private_creator
    ]
    assert [element.value for element in private] == [1000]
    assert "113111" in {item.CodeValue for item in cleaned.DeidentificationMethodCodeSequence}


def test_functional_groups_stay_and_are_cleaned_inside():
    data = image(SOPClassUID="1.2.840.10008.5.1.4.1.1.4.1", NumberOfFrames=1, ContentDate="20200101")
    region, measures, position = Dataset(), Dataset(), Dataset()
    region.CodeValue, region.CodingSchemeDesignator, region.CodeMeaning = "12738006", "SCT", "Brain of Olga"
    anatomy = Dataset()
    anatomy.AnatomicRegionSequence = [region]
    measures.PixelSpacing, measures.SliceThickness = [1, 1], 2
    position.ImagePositionPatient = [0, 0, 7]
    shared, frame = Dataset(), Dataset()
    shared.PixelMeasuresSequence, shared.FrameAnatomySequence = [measures], [anatomy]
    frame.PlanePositionSequence = [position]
    content = Dataset()
    content.FrameAcquisitionDateTime, content.FrameComments, content.StackID = "20200101101112", "Olga", "1"
    frame.FrameContentSequence = [content]
    data.SharedFunctionalGroupsSequence, data.PerFrameFunctionalGroupsSequence = [shared], [frame]
    cleaned = clean(data, NOBODY)
    assert cleaned.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SliceThickness == 2
    place = cleaned.SharedFunctionalGroupsSequence[0].FrameAnatomySequence[0].AnatomicRegionSequence[0]
    assert place.CodeMeaning == "Brain"
    inner = cleaned.PerFrameFunctionalGroupsSequence[0]
    assert inner.PlanePositionSequence[0].ImagePositionPatient == [0, 0, 7]
    assert inner.FrameContentSequence[0].StackID == "1"
    assert inner.FrameContentSequence[0].FrameAcquisitionDateTime == "19000101000000"
    assert "FrameComments" not in inner.FrameContentSequence[0]
    assert cleaned.ContentDate == "19000101"


def test_the_table_of_the_profile_is_the_librarys():
    table = pytest.importorskip("dicomanonymizer.dicom_anonymization_databases.dicomfields_2024b")
    for action, name in (("X", "X_TAGS"), ("U", "U_TAGS"), ("Z", "Z_TAGS"), ("D", "D_TAGS")):
        listed = {(tag[0] << 16) + tag[1] for tag in getattr(table, name) if len(tag) == 2}
        assert {tag for tag, value in terms.PROFILE.items() if value == action} == listed
