"""Persons of an input: labels that would give them away are replaced, and what may stay of them is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from defacto.config import PrivacySettings
from defacto.io import names, tables
from defacto.io.source import Source
from defacto.io.subjects import keyed_label, subject_key
from defacto.privacy.dates import Shift, read_moment
from defacto.privacy.person import gives_away, kept, words_in_sidecar

_NOTE = "labels of its name that told a date, or of the patient, were replaced"
_SHORT = 6


def with_new_labels(
    sources: Sequence[Source], settings: PrivacySettings, key_file: Path | None
) -> list[Source]:
    """Give new labels to subjects and sessions whose own would give a person away.

    Parameters
    ----------
    sources : sequence of Source
        Of a BIDS data set; others have new labels already.
    settings : PrivacySettings
        ``labels`` says whether labels are checked, all replaced, or kept.
    key_file : Path, optional
        The secret that new labels are made with.
    """
    ours = [source for source in sources if source.identity is None]
    if settings.labels == "keep" or not ours:
        return list(sources)
    known: dict[str, frozenset[str]] = defaultdict(frozenset)
    for source in ours:
        known[source.subject] |= words_in_sidecar(source.sidecar)
    new = _New(settings.labels == "new", known, key_file)
    return [new.named(source) if source.identity is None else source for source in sources]


class _New:
    def __init__(self, everyone: bool, known: Mapping[str, frozenset[str]], key_file: Path | None) -> None:
        self._everyone, self._known, self._key_file = everyone, known, key_file

    def named(self, source: Source) -> Source:
        changed = {
            key: self._label(source.subject, key, label)
            for key, label in source.entities.items()
            if self._is_replaced(source.subject, key, label)
        }
        if not changed:
            return source
        entities = {**source.entities, **changed}
        return replace(
            source,
            name=names.Name(entities, source.suffix).stem,
            subject=entities["sub"],
            session=entities.get("ses"),
            entities=entities,
            identity=f"sub-{source.subject}" if "sub" in changed else None,
            note="; ".join(part for part in (source.note, _NOTE) if part),
        )

    def _is_replaced(self, subject: str, key: str, label: str) -> bool:
        if self._everyone and key in {"sub", "ses"}:
            return True
        return gives_away(label, self._known[subject])

    def _label(self, subject: str, key: str, label: str) -> str:
        secret = subject_key(self._key_file)
        if key == "sub":
            return keyed_label(secret, "label", label)
        return keyed_label(secret, "label", subject, key, label)[:_SHORT]


def with_facts(
    sources: Iterable[Source], folder: Path, settings: PrivacySettings, key_file: Path | None
) -> list[Source]:
    """Put to each source what may stay of its person, and when it was made, moved.

    Parameters
    ----------
    sources : iterable of Source
        With the labels of the input.
    folder : Path
        The input.
    settings : PrivacySettings
        ``dates`` and ``characteristics`` say what may stay.
    key_file : Path, optional
        The secret that the shift of dates is made with.
    """
    if settings.dates != "shift" and not settings.characteristics:
        return list(sources)
    people = tables.participants(folder) if settings.characteristics else {}
    times = lru_cache(maxsize=64)(tables.acquisition_times)
    done = []
    for source in sources:
        facts: dict[str, Any] = {}
        if settings.dates == "shift" and (made := _made(source, times)):
            moment = read_moment(made)
            shift = Shift.of(subject_key(key_file), source.subject)
            if moment is not None:
                facts["AcquisitionDateTime"] = shift.moved(moment).isoformat(timespec="seconds")
        if settings.characteristics and (person := kept(_person(source, people))):
            facts["Participant"] = person
        done.append(replace(source, facts=facts))
    return done


def _made(source: Source, times: Any) -> str:
    """Return when a scan was made, as its origin says; empty where that is not known."""
    if source.series is not None:
        return source.series.visit.acquired
    if source.path is not None:
        above = source.path.parent.parent
        stem = f"sub-{source.subject}" + (f"_ses-{source.session}" if source.session else "")
        if made := times(above, stem).get(source.path.name):
            return str(made)
    return str(source.sidecar.get("AcquisitionDateTime", ""))


def _person(source: Source, people: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    if source.series is not None:
        visit = source.series.visit
        return {"age": visit.age, "sex": visit.sex, "weight": visit.weight}
    return people.get(source.subject, {})
