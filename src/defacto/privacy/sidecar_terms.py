"""The allow-list for sidecars: which tags may stay, and which values each may have.

The terms, their kinds and lists of values are those that BIDS has for MR images: ``data/bids_terms.json``,
which ``tools/bids_terms.py`` takes from bidsschematools. What is added here: how large a number may be, which
words a text may be made of, which tags of dcm2niix stay too, and which terms of BIDS do not (`REFUSED`).
"""

from __future__ import annotations

import json
from importlib.resources import files

_TERMS = json.loads(files("defacto.privacy").joinpath("data/bids_terms.json").read_text(encoding="utf-8"))[
    "terms"
]

_LARGEST = {
    "AcquisitionDuration": 10_000,
    "DwellTime": 1,
    "EchoTime": 10,
    "EffectiveEchoSpacing": 1,
    "FlipAngle": 360,
    "InversionTime": 100,
    "MagneticFieldStrength": 30,
    "MixingTime": 100,
    "MTNumberOfPulses": 1000,
    "MTOffsetFrequency": 100_000,
    "MTPulseBandwidth": 100_000,
    "MTPulseDuration": 10,
    "MultibandAccelerationFactor": 64,
    "NumberReceiveCoilActiveElements": 512,
    "NumberShots": 4096,
    "NumberTransmitCoilActiveElements": 64,
    "ParallelReductionFactorInPlane": 64,
    "ParallelReductionFactorOutOfPlane": 64,
    "PartialFourier": 1,
    "RepetitionTimeExcitation": 100,
    "RepetitionTimePreparation": 100,
    "SliceTiming": 1000,
    "SpoilingGradientDuration": 10,
    "SpoilingGradientMoment": 10_000,
    "SpoilingRFPhaseIncrement": 360,
    "TablePosition": 10_000,
    "TotalReadoutTime": 10,
    "AcquisitionMatrixPE": 4096,
    "BaseResolution": 4096,
    "EchoNumber": 64,
    "EchoTrainLength": 4096,
    "ImageOrientationPatientDICOM": 1,
    "NumberOfAverages": 64,
    "PercentPhaseFOV": 200,
    "PercentSampling": 200,
    "PhaseEncodingSteps": 4096,
    "PhaseResolution": 10,
    "PixelBandwidth": 10_000,
    "ReconMatrixPE": 4096,
    "RepetitionTime": 100,
    "SliceThickness": 100,
    "SpacingBetweenSlices": 100,
}
"""The largest magnitude of each number: no date and no long ID fits in."""

BOOLEANS = frozenset(tag for tag, term in _TERMS.items() if "boolean" in term["kinds"])
"""Tags that are true or false."""

VALUES = {tag: tuple(term["values"]) for tag, term in _TERMS.items() if "values" in term} | {
    "PartialFourierDirection": ("PHASE", "FREQUENCY", "SLICE_SELECT", "COMBINATION", "UNKNOWN"),
    "BodyPart": ("HEAD", "BRAIN", "SKULL", "HEADNECK", "NECK", "EYE", "FACE"),
    "CoilCombinationMethod": ("Adaptive Combine", "Sum of Squares", "Prescan Normalize", "rSOS"),
    "MatrixCoilMode": ("SENSE", "mSENSE", "GRAPPA", "GRAPPA2D", "CAIPIRINHA", "CP", "Dual", "Triple", "None"),
    "ParallelAcquisitionTechnique": (
        "GRAPPA",
        "SENSE",
        "mSENSE",
        "ARC",
        "ASSET",
        "CAIPIRINHA",
        "SMASH",
        "SPEEDER",
        "PILS",
        "OTHER",
    ),
    "WaterSuppressionTechnique": ("CHESS", "WET", "VAPOR", "Inversion recovery", "OTHER"),
    "InPlanePhaseEncodingDirectionDICOM": ("ROW", "COL"),
    "Modality": ("MR",),
    "PatientPosition": ("HFS", "HFP", "HFDL", "HFDR", "FFS", "FFP", "FFDL", "FFDR"),
    "ConversionSoftware": ("dcm2niix",),
}
"""Tags with one of a few values; case does not matter."""

_SEQUENCE_WORDS = (
    "se ir gr ep rm sk mtc ss trss sp mp osp none p pr other tof ir fc fs ph sat pf pfp pff sp cg rg"
)

WORDS = {
    "Manufacturer": """
        siemens healthineers healthcare ge general electric medical systems philips toshiba canon
        hitachi bruker biospin uih united imaging hyperfine time fonar esaote paramed agilent varian
        fujifilm neusoft shimadzu marconi picker elscint inc gmbh ag ltd co corp corporation
    """,
    "ManufacturersModelName": """
        skyra skyrafit trio triotim tim prisma fit prismafit verio aera avanto avantofit espree
        symphony symphonytim sonata allegra vida lumina sola altea magnetom terra x biograph mmr
        amira essenza free max star cima spectra vision harmony concerto impact expert plus
        investigational connectom bay sonatavision signa hdx hdxt hde excite optima discovery
        premier architect artist explorer voyager pioneer creator horizon lx genesis
        ultra high performance mr air w wide pet apex prime achiingenia intera elition ambition
        dstream gyroscan nt panorama ingenuity tf evolution eva cx vantage titan galan zgo elan
        orian fortian atlas xgv excelart echelon oval smart airis ii iii oasis aperto altaire elite
        bx umr ome jupiter omega swoop biospec pharmascan mrs t s d hd se xt r
    """,
    "SoftwareVersions": """
        syngo mr numaris a b c d e va vb vd ve xa sp l n r dv hd lx px rx mx m ea ec ce release
        build ver version rev sw m4 v uih ur patch update
    """,
    "SequenceName": """
        tfl fl fm tse se spc spcr spcir ir tir h me ep epfid epse epir gre d ns b t r st v rf efgre
        fspgr fgre ssfse frfse fse bravo cube mprage spgr ffe tfe memp rm sk t1tfe t1ffe t2tse fir
        fse3d space flash tof ti mpr spair fs wi we gr p
    """,
    "ReceiveCoilName": """
        head neck headneck hea hep nec coil matrix ch channel hc he body hn hns hnu hrbrain brain
        quad quadhead quadknee sense mult coils multicoil s t r tx rx array nv nvhead hnn nvarray
        gem small large hd split top bottom phased birdcage nova medical c elem element
    """,
    "ReceiveCoilActiveElements": "c hea hep hec nea nep ne he hc hn hns sp bo bl bc t pa pp hr ha hp nk",
    "PulseSequenceType": """
        mprage mp2rage mp rage spin gradient echo flair turbo fast flash spgr space cube vista bravo
        gre tse fse epi inversion recovery steady state ssfp spoiled magnetization prepared rapid
        multi d
    """,
    "ScanningSequence": _SEQUENCE_WORDS,
    "SequenceVariant": _SEQUENCE_WORDS,
    "ScanOptions": f"""
        {_SEQUENCE_WORDS} per rg cg ppg acc gems edr gr filtered fast filt zoom nph hypersense vb
        irrev db presat norm dis acs pfl ssat wat ext spir spair partial fourier phase frequency fat
    """,
    "ImageType": """
        original primary derived secondary m p se ffe ir nd norm mean dis d other magnitude phase
        none sh fil mfsplit gradwarp mag t uni inv reformatted average fm mosaic water fat adc in
        out map
    """,
}
"""Tags with codes: every run of letters in the value must be one of these words; numbers are short."""

ADDITIONS = frozenset(
    {
        "AcquisitionMatrixPE",
        "BaseResolution",
        "ConversionSoftware",
        "EchoNumber",
        "EchoTrainLength",
        "ImageOrientationPatientDICOM",
        "ImageType",
        "InPlanePhaseEncodingDirectionDICOM",
        "Modality",
        "NumberOfAverages",
        "PatientPosition",
        "PercentPhaseFOV",
        "PercentSampling",
        "PhaseEncodingSteps",
        "PhaseResolution",
        "PixelBandwidth",
        "ReconMatrixPE",
        "RepetitionTime",
        "SliceThickness",
        "SpacingBetweenSlices",
    }
)
"""Allowed though no term of the rules named above."""

REFUSED = {
    "AnatomicalLandmarkCoordinates": "places of the face",
    "B0FieldSource": "free text",
    "B0ShimmingTechnique": "free text",
    "B1ShimmingTechnique": "free text",
    "BodyPartDetails": "free text",
    "BodyPartDetailsOntology": "free text",
    "DeidentificationMethod": "said anew by the export",
    "DeidentificationMethodCodeSequence": "said anew by the export",
    "Density": "of derivatives",
    "DeviceSerialNumber": "names the device",
    "GradientSetType": "free text",
    "HardcopyDeviceSoftwareVersion": "free text",
    "InstitutionAddress": "names the institution",
    "InstitutionName": "names the institution",
    "InstitutionalDepartmentName": "names the institution",
    "Instructions": "free text",
    "MRTransmitCoilSequence": "free text",
    "PulseSequenceDetails": "free text, often with the name of an institution",
    "Resolution": "of derivatives",
    "SamplePrimaryAntibody": "of microscopy",
    "SampleSecondaryAntibody": "of microscopy",
    "SampleStaining": "of microscopy",
    "StationName": "names the device",
    "TaskDescription": "free text",
    "TaskName": "free text",
    "Units": "of phase images",
}
"""Terms of BIDS that do not stay, and why."""

_NUMERIC = {tag for tag, term in _TERMS.items() if {"number", "integer"} & set(term["kinds"])}
NUMBERS = {tag: _LARGEST[tag] for tag in sorted((_NUMERIC - REFUSED.keys()) | (_LARGEST.keys() & ADDITIONS))}
"""Tags with a number or a list of numbers, and the largest magnitude."""
