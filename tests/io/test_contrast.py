"""Contrasts of DICOM series: from times, and from words."""

import pytest

from defacto.io.contrast import Contrast, has_agent, recognise
from defacto.io.tags import Tags


def tags(codes="", tr=None, te=None, ti=None, words="", **more):
    return Tags(
        modality="MR",
        scanning_sequence=tuple(codes.split()),
        repetition_time_ms=tr,
        echo_time_ms=te,
        inversion_time_ms=ti,
        description=words,
        **more,
    )


@pytest.mark.parametrize(
    ("given", "suffix"),
    [
        (tags("GR IR", 2000, 2.5, 900, words="SAG MPRAGE 220 FOV"), "T1w"),
        (tags("GR IR", 2530, 1.66, sequence_variant=("SP", "MP"), words="RMS"), "T1w"),
        (tags("GR", 25, 4.6, flip_angle_deg=30), "T1w"),
        (tags("SE", 500, 12), "T1w"),
        (tags("SE", 11730, 91, words="AX FSE T2", sequence="*tse2d1_19"), "T2w"),
        (tags("SE", 3200, 408), "T2w"),
        (tags("SE", 2500, 20), "PDw"),
        (tags("SE IR", 9000, 120, 2500), "FLAIR"),
        (tags("SE IR", 5000, 390, 1800), "FLAIR"),
        (tags("SE IR", 2000, 10, 860, words="T1 FLAIR"), "T1w"),
        (tags("GR", 600, 20, flip_angle_deg=20), "T2starw"),
        (tags(words="t2_space_dark-fluid_sag"), "FLAIR"),
        (tags(words="T2*_hemo"), "T2starw"),
        (tags(words="ax_PD_tse"), "PDw"),
        (tags(words="Ax T1 SE"), "T1w"),
        (tags(words="3D MP2RAGE_UNI_Images"), "UNIT1"),
        (tags(words="mp2rage_INV2"), "MP2RAGE"),
    ],
)
def test_contrast(given, suffix):
    verdict = recognise(given)
    assert isinstance(verdict, Contrast)
    assert verdict.suffix == suffix
    assert verdict.note is None


def test_tags_are_believed_before_words_and_the_note_says_so():
    verdict = recognise(tags("SE", 5000, 90, words="Plantov T1"))
    assert verdict.suffix == "T2w"
    assert "suggests T1w" in verdict.note
    assert "Plantov" not in verdict.note


def test_what_cannot_be_told_names_its_times_only():
    reason = recognise(tags("SE", 1500, 50, words="Plantov"))
    assert "TR 1500 ms, TE 50 ms, TI not given" in reason
    assert "Plantov" not in reason


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (tags(agent="Gadovist"), True),
        (tags(agent="NONE"), False),
        (tags(words="T1 +C"), True),
        (tags(words="t1_mprage_sag_KM"), True),
        (tags(words="T1 post Gd"), True),
        (tags(words="T1 pre Gd"), False),
        (tags(words="T1 without contrast"), False),
        (tags(words="T1 posterior fossa"), False),
        (tags(words="t1_mprage"), False),
    ],
)
def test_contrast_agent(given, expected):
    assert has_agent(given) is expected
