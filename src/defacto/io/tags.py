"""What the header of a DICOM file says, in our own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from defacto.io.values import Vector


class Person(NamedTuple):
    """Who was scanned, as the tags say. Never shown."""

    patient_id: str
    name: str
    birth_date: str


@dataclass(frozen=True)
class Tags:
    """What the tags of a series say about its kind.

    Times are in ms, the field strength in tesla; None where a tag is missing. `description`, `protocol` and
    `sequence` are free text: they are searched and never shown.
    """

    modality: str = ""
    sop_class: str = ""
    transfer_syntax: str = ""
    image_type: tuple[str, ...] = ()
    component: str = ""
    description: str = ""
    protocol: str = ""
    sequence: str = ""
    manufacturer: str = ""
    model: str = ""
    scanning_sequence: tuple[str, ...] = ()
    sequence_variant: tuple[str, ...] = ()
    scan_options: tuple[str, ...] = ()
    acquisition_type: str = ""
    body_part: str = ""
    agent: str = ""
    is_angio: bool = False
    has_b_value: bool = False
    burned_in: bool = False
    samples_per_pixel: int = 1
    repetition_time_ms: float | None = None
    echo_time_ms: float | None = None
    inversion_time_ms: float | None = None
    flip_angle_deg: float | None = None
    echo_train_length: float | None = None
    field_t: float | None = None


class ImageFile(NamedTuple):
    """One file of a series: path, and the position (mm, LPS) of each of its frames."""

    path: str
    instance: int
    positions: tuple[Vector, ...]


class StackKey(NamedTuple):
    """What files have in common that make one volume."""

    person: Person
    study: str
    series: str
    echo: int
    echo_time: str
    component: str
    rows: int
    columns: int
    orientation: Vector


class Visit(NamedTuple):
    """When a person was scanned, and what is known of them, as the tags say. Never shown."""

    acquired: str = ""
    age: str = ""
    sex: str = ""
    weight: str = ""


class Header(NamedTuple):
    """One file, read."""

    key: StackKey
    file: ImageFile
    number: int | None
    when: str
    tags: Tags
    visit: Visit = Visit()
