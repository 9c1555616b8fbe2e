"""Settings: one frozen tree, passed as an argument; TOML in and out.

Every field carries a sentence of help; the reference page of the docs and ``--help`` are made from it.
"""

from __future__ import annotations

import dataclasses
import math
import tomllib
import types
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import tomli_w

from defacto.errors import SettingsError


def _setting(default: Any, text: str) -> Any:
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True)
class InputSettings:
    """Which files are scans, and which are refused before they are loaded."""

    suffixes: tuple[str, ...] = _setting(
        ("T1w", "T2w", "PDw", "FLAIR", "T2starw", "PDT2", "inplaneT1", "inplaneT2", "UNIT1", "MTw"),
        "BIDS suffixes that are taken as scans of a head.",
    )
    max_memory_gb: float = _setting(
        8.0, "A volume whose declared size needs more than this is refused unread."
    )


@dataclass(frozen=True)
class AnatomySettings:
    """How brain and features are found."""

    agreement_mm: float = _setting(
        12.0,
        "Largest distance at which two registrations agree, mm, over eyes, nose, mouth, ears and skull.",
    )
    min_score: float = _setting(
        1.066, "Least similarity of the registered head with the template (1 = unrelated)."
    )
    max_turned_deg: float = _setting(
        60.0, "A head turned by more than this against its header is shown to a person, degrees."
    )


@dataclass(frozen=True)
class DefaceSettings:
    """Parameters of one attempt."""

    method: str = _setting(
        "template", 'Name of the method; "auto" tries one after the other until one passes.'
    )
    ears: bool = _setting(True, "Remove the ears too, and count them when they are left.")
    nudge_mm: tuple[float, float, float] = _setting(
        (0.0, 0.0, 0.0),
        "Shift of the cut along the head's right, anterior and superior axis, mm; to the back cuts deeper.",
    )
    feature_depth_mm: float = _setting(
        25.0, "Method features: nothing deeper below the skin than this is removed, mm."
    )
    template_mask: str = _setting(
        "own", 'Method template: whose cut of the face, "own" or that of "pydeface", which leaves the ears.'
    )
    shear_buffer_mm: float = _setting(
        10.0, "Method shear: how far below the edge of the brain the plane lies, mm."
    )
    strip_margin_mm: float = _setting(6.0, "Method brain: what lies farther from the brain goes, mm.")
    blur_mm: float = _setting(8.0, "Method blur: width of the blur, mm.")
    blur_depth_mm: float = _setting(
        12.0, "Method blur: nothing deeper below the skin than this is blurred, mm."
    )
    container: str = _setting(
        "", 'Programs of others: "docker" or "apptainer" to run them in; empty for those on PATH.'
    )
    container_image: str = _setting("", "Programs of others: the image that holds the program.")
    brain_margin_mm: float = _setting(3.0, "No voxel within this distance of the brain is removed, mm.")
    fraction: float = _setting(
        0.5, "Intensity fraction of the brain extraction (0 to 1); lower gives a larger protected brain."
    )
    bias_correction: bool = _setting(False, "Correct the bias field (N4) before registration.")
    rung: int = _setting(0, "Rung of the registration ladder to begin at; 0 is the plain registration.")


@dataclass(frozen=True)
class QcSettings:
    """Limits of a pass."""

    max_brain_lost_ml: float = _setting(0.0, "Most brain that a pass may lose, ml.")
    max_feature_left: float = _setting(
        0.10, "Largest share of a feature's surface that a pass may leave visible."
    )
    max_feature_seen: float = _setting(
        0.50,
        "Where more than this share of the skin that the network calls a feature is left, a person looks.",
    )
    min_moved_mm: float = _setting(
        1.0,
        "Where a face was replaced or blurred: least change of the shape of each feature's skin, against the"
        " person's own, that a pass needs, mm.",
    )
    min_brain_agreement: float = _setting(
        0.80, "Least Dice of the brains of registration and network; with less a person looks."
    )
    untouched_share: float = _setting(
        0.90,
        "Where more than this share of each of eyes, nose and mouth is left, the face was missed: a failure.",
    )
    max_elsewhere_ml: float = _setting(
        50.0,
        "Most tissue that may be gone more than 40 mm from every feature while a feature is visible, ml;"
        " more is a cut in the wrong place: a failure.",
    )
    max_bare_cm2: float = _setting(
        10.0, "Most of the brain's surface that may lie bare where a scan comes alone, cm2."
    )
    p_pass: float = _setting(0.75, "A classifier's least probability to accept a pass.")
    p_other: float = _setting(0.80, "A classifier's least probability to accept deep, shallow or failure.")
    verify: str = _setting(
        "person", 'Who clears what the machine passed: "person" (somebody verifies it) or "none".'
    )


@dataclass(frozen=True)
class RetrySettings:
    """What changes from attempt to attempt."""

    max_attempts: int = _setting(3, "Attempts per scan, the first included.")
    nudge_step_mm: float = _setting(5.0, "How far shallow moves the cut back and deep moves it forward, mm.")
    fraction_step: float = _setting(0.15, "How much failure lowers the fraction of the brain extraction.")


@dataclass(frozen=True)
class ReviewSettings:
    """How people review."""

    double_share: float = _setting(
        0.0, "Share of the scans that two people read, 0 to 1; which ones follows from their names."
    )
    blind: bool = _setting(True, "The machine's opinion is shown after a person's answer, not before.")
    order: str = _setting(
        "doubt",
        'Which scans people get first: "doubt" (the most doubtful) or "random" (by lot: what was read so far'
        " is a fair sample, and who reads what is random).",
    )
    site_characters: int = _setting(
        0, "How many characters at the beginning of a subject's label name its site; 0: there are no sites."
    )


@dataclass(frozen=True)
class PrivacySettings:
    """What may leave of what was known of a person besides the picture."""

    dates: str = _setting(
        "remove",
        'Dates and times: "remove", or "shift" by an offset of the subject\'s own, which keeps intervals.',
    )
    characteristics: bool = _setting(
        False, "Keep age (over 89 grouped), sex, size and weight of the person; nothing else of them stays."
    )
    labels: str = _setting(
        "check",
        'Labels of subjects and sessions of a BIDS input: "check" (one that holds a date, or what the sidecar'
        ' says of the patient, gets a new one), "new" (all get new ones) or "keep".',
    )
    keep: tuple[str, ...] = _setting(
        (), "Tags of sidecars that stay beside the allow-list, where their values are harmless."
    )
    strike: tuple[str, ...] = _setting(
        (), 'Tags ("TAG") and values ("TAG=value") of sidecars that go though they are allowed.'
    )


@dataclass(frozen=True)
class Settings:
    """All settings of a run."""

    input: InputSettings = field(default_factory=InputSettings)
    anatomy: AnatomySettings = field(default_factory=AnatomySettings)
    deface: DefaceSettings = field(default_factory=DefaceSettings)
    qc: QcSettings = field(default_factory=QcSettings)
    retry: RetrySettings = field(default_factory=RetrySettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    review: ReviewSettings = field(default_factory=ReviewSettings)


def read_settings(path: Path | None) -> Settings:
    """Read a TOML file; what it leaves out keeps its default.

    Parameters
    ----------
    path : Path or None
        None gives the defaults.

    Raises
    ------
    SettingsError
        If the file cannot be read, or names a setting that does not exist, or a value of the wrong type or
        range.
    """
    if path is None:
        return Settings()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"The settings file {path.name} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {path.name} is not TOML: {error}.") from error
    settings: Settings = _build(Settings, document, "")
    return settings


def to_toml(settings: Settings) -> str:
    """Return the settings as a TOML document that `read_settings` takes."""
    return tomli_w.dumps(dataclasses.asdict(settings))


def from_mapping(document: Mapping[str, Any]) -> Settings:
    """Build settings from nested mappings, as TOML or JSON gives them."""
    settings: Settings = _build(Settings, document, "")
    return settings


def deface_settings(document: Mapping[str, Any]) -> DefaceSettings:
    """Build the parameters of one attempt from a mapping."""
    settings: DefaceSettings = _build(DefaceSettings, document, "deface.")
    return settings


def setting_rows(tree: type = Settings, prefix: str = "") -> list[tuple[str, Any, str]]:
    """Return every setting as (dotted name, default, help): the docs are made from it."""
    rows: list[tuple[str, Any, str]] = []
    hints = get_type_hints(tree)
    for each in fields(tree):
        name = prefix + each.name
        if is_dataclass(hints[each.name]):
            rows += setting_rows(hints[each.name], name + ".")
        else:
            rows.append((name, each.default, each.metadata["help"]))
    return rows


def _build(tree: Any, document: Mapping[str, Any], prefix: str) -> Any:
    if not isinstance(document, Mapping):
        raise SettingsError(f"Setting {prefix.rstrip('.')}: expected a table, got {document!r}.")
    hints = get_type_hints(tree)
    unknown = sorted(set(document) - set(hints))
    if unknown:
        raise SettingsError(
            f"There is no setting {prefix}{unknown[0]}; known here: {', '.join(sorted(hints))}."
        )
    values = {
        name: _build(hints[name], value, f"{prefix}{name}.")
        if is_dataclass(hints[name])
        else _convert(hints[name], value, prefix + name)
        for name, value in document.items()
    }
    return tree(**values)


def _convert(kind: Any, value: Any, name: str) -> Any:
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        options = get_args(kind)
        return (
            None if value is None else _convert(next(o for o in options if o is not type(None)), value, name)
        )
    if origin is tuple and isinstance(value, list | tuple):
        inner = get_args(kind)
        if inner[-1] is not Ellipsis and len(inner) != len(value):
            raise SettingsError(f"Setting {name}: expected {len(inner)} values, got {len(value)}.")
        return tuple(_convert(inner[0], item, name) for item in value)
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        if not math.isfinite(value):
            raise SettingsError(f"Setting {name}: expected a finite number, got {value!r}.")
        return float(value)
    if origin is None and type(value) is kind:
        return value
    raise SettingsError(f"Setting {name}: expected {getattr(kind, '__name__', kind)}, got {value!r}.")
