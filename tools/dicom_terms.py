"""Make `src/defacto/privacy/data/dicom_terms.json`: attributes of MR images, and what the basic profile says.

The profile (PS3.15 table E.1-1) is taken from the package dicom-anonymizer, which reads it off the standard;
the attributes of the MR image's modules (PS3.3) from the package highdicom, which does the same. Facts only,
no code, are kept. Run as ``python tools/dicom_terms.py`` where both packages are installed.
"""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path

import highdicom
from dicomanonymizer.dicom_anonymization_databases import dicomfields_2024b as table
from pydicom.datadict import dictionary_VR, tag_for_keyword

TARGET = Path(__file__).parents[1] / "src" / "defacto" / "privacy" / "data" / "dicom_terms.json"
IODS = {
    "single": ("mr-image",),
    "multi": ("enhanced-mr-image", "legacy-converted-enhanced-mr-image"),
}
MODULES = (
    "acquisition-context",
    "contrast-bolus",
    "enhanced-general-equipment",
    "enhanced-mr-image",
    "enhanced-mr-image-multi-frame-functional-groups",
    "frame-of-reference",
    "general-acquisition",
    "general-equipment",
    "general-image",
    "general-series",
    "general-study",
    "image-pixel",
    "image-plane",
    "legacy-converted-enhanced-mr-image-multi-frame-functional-groups",
    "mr-image",
    "mr-pulse-sequence",
    "mr-series",
    "multi-frame-dimension",
    "patient",
    "patient-study",
    "sop-common",
    "voi-lut",
)
SEQUENCES = (
    "AnatomicRegionSequence",
    "DiffusionBMatrixSequence",
    "DiffusionGradientDirectionSequence",
    "DimensionIndexSequence",
    "DimensionOrganizationSequence",
    "FrameAnatomySequence",
    "FrameContentSequence",
    "FrameVOILUTSequence",
    "MRAveragesSequence",
    "MRDiffusionSequence",
    "MREchoSequence",
    "MRFOVGeometrySequence",
    "MRImageFrameTypeSequence",
    "MRImagingModifierSequence",
    "MRModifierSequence",
    "MRReceiveCoilSequence",
    "MRTimingAndRelatedParametersSequence",
    "MRTransmitCoilSequence",
    "OperatingModeSequence",
    "PerFrameFunctionalGroupsSequence",
    "PixelMeasuresSequence",
    "PixelValueTransformationSequence",
    "PlaneOrientationSequence",
    "PlanePositionSequence",
    "SharedFunctionalGroupsSequence",
    "SpecificAbsorptionRateSequence",
    "TemporalPositionSequence",
)
"""Sequences that stay; all others go, with what is in them."""
ACTIONS = {
    "D": "D_TAGS",
    "Z": "Z_TAGS",
    "X": "X_TAGS",
    "U": "U_TAGS",
    "Z/D": "Z_D_TAGS",
    "X/Z": "X_Z_TAGS",
    "X/D": "X_D_TAGS",
    "X/Z/D": "X_Z_D_TAGS",
    "X/Z/U*": "X_Z_U_STAR_TAGS",
}
STRICT = ("1", "1C", "2", "2C", "3")


def profile() -> dict[str, str]:
    """Return the action of the basic profile by tag; groups that repeat (50xx, 60xx) as written there."""
    actions: dict[str, str] = {}
    for action, name in ACTIONS.items():
        for tag in getattr(table, name):
            if len(tag) == 2:
                actions[f"{tag[0]:04X}{tag[1]:04X}"] = action
    return dict(sorted(actions.items()))


def attributes(iods: tuple[str, ...]) -> dict[str, str]:
    """Return the strictest type of each attribute of an MR image, by tag."""
    folder = Path(highdicom.__file__).parent / "_standard"
    of_iod = json.loads((folder / "iod_module_map.json").read_text(encoding="utf-8"))
    modules = json.loads((folder / "module_attribute_map.json").read_text(encoding="utf-8"))
    keys = {module["key"] for iod in iods for module in of_iod[iod]} & set(MODULES)
    types: dict[str, str] = {}
    for key in sorted(keys):
        for attribute in modules[key]:
            path = (*attribute["path"], attribute["keyword"])
            tag = tag_for_keyword(attribute["keyword"])
            if tag is None or any(is_sequence(part) and part not in SEQUENCES for part in path):
                continue
            name, kind = f"{tag:08X}", attribute["type"]
            if name not in types or STRICT.index(kind) < STRICT.index(types[name]):
                types[name] = kind
    return dict(sorted(types.items()))


def is_sequence(keyword: str) -> bool:
    """Whether an attribute holds items: the name alone does not say it (ScanningSequence)."""
    tag = tag_for_keyword(keyword)
    return tag is None or dictionary_VR(tag) == "SQ"


def main() -> None:
    """Write the file."""
    version = importlib.metadata.version
    terms = {
        "profile_source": f"PS3.15 2024b table E.1-1, as in dicom-anonymizer {version('dicom-anonymizer')}",
        "attributes_source": f"PS3.3 modules of MR images, as in highdicom {version('highdicom')}",
        "profile": profile(),
        **{name: attributes(iods) for name, iods in IODS.items()},
    }
    text = json.dumps(terms, indent=0)
    TARGET.write_text(text + "\n", encoding="utf-8")
    print({name: len(each) for name, each in terms.items()}, len(text), "bytes")


if __name__ == "__main__":
    main()
