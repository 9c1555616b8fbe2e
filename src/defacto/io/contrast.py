"""Which contrast a DICOM series has, or why it is left out: from its tags, and from words in its description.

The sentences name tags and numbers only: descriptions are free text and may hold names of persons.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from defacto.io.tags import Tags

_IMAGES = {"1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.4.1", "1.2.840.10008.5.1.4.1.1.4.4"}
_CAPTURES = "1.2.840.10008.5.1.4.1.1.7"
_MODALITIES = re.compile(r"CT|PT|NM|US|CR|DX|MG|XA|RF|SR|PR|KO|SEG|REG|OT|SC|DOC|ECG|RTSTRUCT|RTDOSE|RTPLAN")
_TYPES = (
    ("LOCALIZER", "a localizer"),
    ("MOSAIC|FMRI|BOLD|T-TEST|CORRELATION", "a series of brain function"),
    ("DIFFUSION|ADC|FA|TRACEW|TENSOR|DWI|EADC|ISOTROPIC", "diffusion"),
    ("PERFUSION|ASL|CBF|CBV|RCBF|RCBV|MTT|TTP|TMAX|RELCBF", "perfusion"),
    ("MIP|MINIP|MNIP|MIN.IP|MAX.IP|PROJECTION IMAGE", "a projection (MIP)"),
    ("MPR|REFORMATTED|CSA RESAMPLED|CSA MPR|RESAMPLED", "made from another series (reformatted)"),
    ("SUBTRACTION|SUBTRACT|SUB", "made from other series (a subtraction)"),
    ("T1.MAP|T2.MAP|T2_STAR.MAP|R2.MAP|B0.MAP|B1", "a map, not an image"),
    ("SWI|SWI_M", "susceptibility-weighted"),
    ("SCREEN SAVE|SCREENSHOT|SCREEN CAPTURE", "a screenshot"),
)
_WORDS = (
    (r"localizer|localiser|scout|survey|3[ -]?plane|aahead|smartbrain", "a localizer"),
    (r"\b(dwi|dti|diff|adc|trace|noddi|hardi|b0|b1000)\b|diffusion", "diffusion"),
    (r"\b(perf|dsc|asl|pasl|pcasl|cbf|cbv|mtt|ttp)\b|perfusion", "perfusion"),
    (r"\b(bold|fmri|rsfmri)\b|resting.?state", "a series of brain function"),
    (r"field.?map|fieldmap|\bb0.?map|\bb1.?map", "a field map"),
    (r"\b(tof|mra|mrv|angio)\b|time.?of.?flight|venogra", "an angiogram"),
    (r"\b(mip|minip|mnip)\b", "a projection (MIP)"),
    (r"\b(swi|swan|venobold)\b", "susceptibility-weighted"),
    (r"spectro|\b(csi|svs|mrs|press)\b", "spectroscopy"),
    (r"screen.?(save|shot|capture)", "a screenshot"),
)
_NOT_HEAD = re.compile(
    r"SPINE|CHEST|ABDOMEN|PELVIS|KNEE|SHOULDER|HIP\b|FOOT|ANKLE|WRIST|ELBOW|HAND|HEART|BREAST|PROSTATE|LIVER"
    r"|KIDNEY|EXTREMITY|LEG\b|ARM\b"
)
_HINTS = (
    ("FLAIR", re.compile(r"flair|dark.?fluid|tirm.?dark")),
    ("T2starw", re.compile(r"t2\s?\*(?![a-z])|t2_?star|\bhemo|\bgre.?t2\b|\bt2.?gre\b")),
    ("T2w", re.compile(r"(?<![a-z0-9])t2")),
    ("PDw", re.compile(r"(?<![a-z])pd(w|_|\b)|proton")),
    ("T1w", re.compile(r"(?<![a-z0-9])t1|mp2?rage|spgr|bravo|(?<![a-z])(tfl|ir.?fspgr|vibe)")),
)
_WITH_AGENT = re.compile(r"\+\s?(c|gd|km)\b|\b(c|gd|km)\+|\b(gd|gad|gado\w*|ce|km|postcontrast|post)\b")
_WITHOUT_AGENT = re.compile(r"\b(pre|native?|without|w/?o|no|non|ohne|sans)\b|\s-\s?c\b")
_NO_AGENT = re.compile(r"|NO|NONE|N|0|-|N/?A|NO CONTRAST|WITHOUT.*|UNKNOWN|FALSE")

MIN_SLICES = 10
"""A series with fewer slices is no scan of a head that could be defaced."""
MAX_VOLUMES = 8
"""A series with more volumes is taken for perfusion or function."""


@dataclass(frozen=True)
class Contrast:
    """What a series is.

    Parameters
    ----------
    suffix : str
        BIDS suffix.
    entities : mapping of str to str
        Besides subject, session, run and echo; ``{"ce": "gd"}`` with a contrast agent.
    note : str or None
        A sentence where tags and description disagree.
    """

    suffix: str
    entities: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    note: str | None = None


def why_no_image(tags: Tags) -> str | None:
    """Return why a series holds no MR images at all; no mapping can overrule this."""
    if tags.sop_class.startswith(_CAPTURES):
        return "a secondary capture (screenshot)"
    if tags.modality != "MR":
        shown = tags.modality if _MODALITIES.fullmatch(tags.modality) else "unknown"
        return f"its modality is {shown}, expected MR"
    if tags.sop_class not in _IMAGES:
        return "it holds no MR images (spectra, presentation states or raw data)"
    return "its images are in colour" if tags.samples_per_pixel != 1 else None


def why_not_taken(tags: Tags, n_slices: int, n_volumes: int = 1) -> str | None:
    """Return why a series of MR images is not a structural scan of a head; None where it may be one."""
    words = _words(tags)
    for pattern, reason in _TYPES:
        if any(re.fullmatch(pattern, code) for code in tags.image_type):
            return reason
    for pattern, reason in _WORDS:
        if re.search(pattern, words):
            return reason
    return _why_not_by_tags(tags, n_slices, n_volumes)


def _why_not_by_tags(tags: Tags, n_slices: int, n_volumes: int) -> str | None:
    part = _NOT_HEAD.search(tags.body_part)
    rules = (
        (tags.component == "P", "phase images"),
        (tags.component in {"R", "I"}, "real or imaginary parts of images"),
        (tags.image_type[:2] == ("DERIVED", "SECONDARY"), "made from another series (derived, secondary)"),
        (tags.burned_in, "text is burned into its images"),
        (tags.has_b_value, "diffusion"),
        (tags.is_angio, "an angiogram"),
        ("EP" in tags.scanning_sequence, "an echo-planar series (diffusion, perfusion or function)"),
        (part is not None, f"its body part is {part[0].lower() if part else ''}"),
        (n_slices < MIN_SLICES, f"it has {n_slices} slices, expected at least {MIN_SLICES}"),
        (n_volumes > MAX_VOLUMES, f"a time series of {n_volumes} volumes (perfusion or function)"),
    )
    return next((reason for holds, reason in rules if holds), None)


def recognise(tags: Tags) -> Contrast | str:
    """Tell the contrast of a structural series; a string says why it could not be told.

    Echo, repetition and inversion time decide. Where they leave it open, or are missing, words of the
    description decide. Where the two disagree the tags are believed, and the note says so.
    """
    if part := _of_mp2rage(tags):
        return part
    measured, hinted = _by_times(tags), hint(tags)
    suffix = measured or hinted
    if suffix is None:
        return f"its contrast could not be told ({_times(tags)}); name it in a mapping to take it"
    disagree = measured and hinted and measured != hinted
    note = f"its description suggests {hinted}, its tags say {measured}, which was taken"
    return Contrast(suffix, {"ce": "gd"} if has_agent(tags) else {}, note if disagree else None)


def _of_mp2rage(tags: Tags) -> Contrast | None:
    words = _words(tags)
    if "mp2rage" not in words:
        return None
    if "UNI" in tags.image_type or re.search(r"\buni", words):
        return Contrast("UNIT1")
    match = re.search(r"\binv ?-?([12])", words)
    return Contrast("MP2RAGE", {"inv": match[1]}) if match else None


def hint(tags: Tags) -> str | None:
    """Return the suffix that description, protocol and sequence name suggest."""
    words = _words(tags)
    if re.search(r"t1.{0,3}(dark.?fluid|flair)", words):
        return "T1w"
    return next((suffix for suffix, pattern in _HINTS if pattern.search(words)), None)


def has_agent(tags: Tags) -> bool:
    """Whether a contrast agent was given: by its tag, else by words of the description."""
    if not _NO_AGENT.fullmatch(tags.agent.upper()):
        return True
    words = _words(tags)
    return bool(_WITH_AGENT.search(words)) and not _WITHOUT_AGENT.search(words)


def _by_times(tags: Tags) -> str | None:
    if tags.echo_time_ms is None or tags.repetition_time_ms is None:
        return None
    if "GR" in tags.scanning_sequence and "SE" not in tags.scanning_sequence:
        return _gradient_echo(tags, tags.echo_time_ms)
    if tags.scanning_sequence and "SE" not in tags.scanning_sequence and "IR" not in tags.scanning_sequence:
        return None
    return _spin_echo(tags.repetition_time_ms, tags.echo_time_ms, tags.inversion_time_ms or 0)


def _gradient_echo(tags: Tags, echo_time_ms: float) -> str | None:
    inverted = "IR" in tags.scanning_sequence or "MP" in tags.sequence_variant or tags.inversion_time_ms
    if inverted:
        return "T1w" if echo_time_ms < 15 else None
    if "SS" in tags.sequence_variant:
        return None
    if echo_time_ms >= 12:
        return "T2starw"
    strong = (tags.flip_angle_deg or 0) >= 8
    return "T1w" if strong and (tags.repetition_time_ms or 0) < 800 else None


def _spin_echo(repetition_ms: float, echo_ms: float, inversion_ms: float) -> str | None:
    if inversion_ms >= 1300:
        return "FLAIR" if echo_ms >= 60 and repetition_ms >= 4000 else None
    if inversion_ms:
        return "T1w" if inversion_ms >= 400 and echo_ms < 40 else None
    if repetition_ms <= 1300:
        return "T1w" if echo_ms <= 40 else None
    if repetition_ms >= 1800:
        return "PDw" if echo_ms <= 45 else "T2w" if echo_ms >= 60 else None
    return None


def _words(tags: Tags) -> str:
    text = f"{tags.description} {tags.protocol} {tags.sequence}".lower()
    return re.sub(r"[_\s]+", " ", text)


def _times(tags: Tags) -> str:
    times = {"TR": tags.repetition_time_ms, "TE": tags.echo_time_ms, "TI": tags.inversion_time_ms}
    return ", ".join(f"{name} {_ms(value)}" for name, value in times.items())


def _ms(value: float | None) -> str:
    return "not given" if value is None else f"{value:.6g} ms"
