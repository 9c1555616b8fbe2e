"""DICOM folders: series found by their headers, recognised, and given new names."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from defacto.errors import InputError
from defacto.io import contrast, mapping, names
from defacto.io.choice import Choice
from defacto.io.convert import Converted, convert
from defacto.io.headers import read_header
from defacto.io.kind import LINKED_FOLDER, count_linked_folders, looks_like_dicom, walk_files
from defacto.io.series import Series
from defacto.io.source import Found, LeftOut, Source, why_unreadable
from defacto.io.subjects import keyed_label, link_table, subject_key, subject_label
from defacto.io.tags import Header, ImageFile, StackKey

__all__ = [
    "Converted",
    "Series",
    "convert",
    "find",
    "find_series",
    "link_table",
    "subject_key",
    "subject_label",
]


def find_series(folder: Path) -> tuple[list[Series], list[LeftOut]]:
    """Group the DICOM files of a folder into series, by their headers alone.

    Files may lie nested and mixed, of several persons and studies, with any name and none of it telling
    anything; other files between them are passed over. A series is split where its files cannot be one
    volume: by echo, by magnitude and phase, by matrix and orientation.

    Parameters
    ----------
    folder : Path
        Folder, or one file.

    Returns
    -------
    series : list of Series
        Sorted by person, study and number.
    left_out : list of LeftOut
        Files that could not be read, counted.
    """
    stacks: dict[StackKey, _Stack] = {}
    troubles: Counter[str] = Counter()
    for header in _headers(folder, troubles):
        stacks.setdefault(header.key, _Stack(header)).add(header)
    series = [stack.series() for stack in stacks.values()]
    left_out = [LeftOut(f"{count} files or folders", reason) for reason, count in sorted(troubles.items())]
    return sorted(series, key=_rank), left_out


def _headers(folder: Path, troubles: Counter[str]) -> Iterator[Header]:
    root = folder.resolve()
    if links := count_linked_folders(folder):
        troubles[LINKED_FOLDER] += links
    for path in walk_files(folder):
        if names.volume_extension(path.name):
            troubles["NIfTI or MGH files lie among the DICOM files; give their folder by itself"] += 1
        elif path.is_symlink() and (reason := why_unreadable(path, True, root)):
            troubles[reason] += 1
        elif looks_like_dicom(path):
            try:
                header = read_header(path)
            except ValueError:
                troubles["they begin like DICOM but are broken or cut off"] += 1
            else:
                if header is not None:
                    yield header


@dataclass
class _Stack:
    """Files with one key, while they come in; only the first header is kept."""

    first: Header
    files: list[ImageFile] = field(default_factory=list)

    def add(self, header: Header) -> None:
        self.files.append(header.file)
        if _place(header.file) < _place(self.first.file):
            self.first = header

    def series(self) -> Series:
        first = self.first
        files = tuple(sorted(self.files, key=_place))
        return Series(first.number, first.tags, files, first.key, first.when, first.visit)


def _place(file: ImageFile) -> tuple[int, str]:
    return file.instance, file.path


def _rank(series: Series) -> tuple[object, ...]:
    number = -1 if series.number is None else series.number
    return (
        series.person,
        series.when,
        series.key.study,
        number,
        series.key.series,
        series.key.echo,
        series.key,
    )


def find(
    folder: Path, choice: Choice, key_file: Path | None = None, rules: Sequence[mapping.Rule] = ()
) -> Found:
    """Find the scans to deface in a DICOM folder, under new names.

    Subjects get the label `subject_label` makes of their patient ID. Every scan is given a session whose
    label is made from the patient and the study in the same way: it does not change when more studies of a
    person arrive later, as a count would, so that a name always means the same scan; and it tells no date
    and no order. Series of a study that would have the same name are told apart by ``run``, in the order of
    their series numbers; echoes of one series by ``echo``.

    Parameters
    ----------
    folder : Path
        Folder, or one file.
    choice : Choice
        What is asked for.
    key_file : Path, optional
        The key for labels; default `defacto.io.subjects.key_path`.
    rules : sequence of Rule, optional
        The user's own, from `defacto.io.mapping.read_mapping`.

    Raises
    ------
    InputError
        If two persons would get the same label.
    """
    found, left_out = find_series(folder)
    key = subject_key(key_file)
    labelled = [_Labelled.of(series, key) for series in found]
    _refuse_shared_labels(labelled)
    choice.require_known((each.subject for each in labelled), (each.session for each in labelled))
    taken: list[tuple[_Labelled, contrast.Contrast]] = []
    for each in labelled:
        if not (choice.wants_subject(each.subject) and choice.wants_session(each.session)):
            continue
        verdict = judge(each.series, rules, choice.suffixes)
        if isinstance(verdict, str):
            left_out.append(LeftOut(each.shown, verdict))
        else:
            taken.append((each, verdict))
    wanted = [
        source
        for source in _name(taken)
        if choice.wants(names.Name(source.entities, source.suffix), source.datatype)
    ]
    return sorted(wanted, key=lambda source: source.name), left_out


@dataclass(frozen=True)
class _Labelled:
    series: Series
    subject: str
    session: str

    @classmethod
    def of(cls, series: Series, key: bytes) -> _Labelled:
        person = series.person
        if any(person):
            label = subject_label(key, person.patient_id, name=person.name, birth_date=person.birth_date)
        else:
            label = keyed_label(key, "study", series.key.study)
        return cls(series, label, keyed_label(key, "session", label, series.key.study)[:6])

    @property
    def shown(self) -> str:
        return f"sub-{self.subject} ses-{self.session}, {self.series.shown}"

    @property
    def identity(self) -> str:
        person = self.series.person
        return person.patient_id or " ".join(person[1:]).strip() or self.series.key.study


def _refuse_shared_labels(labelled: Iterable[_Labelled]) -> None:
    people: dict[str, str] = {}
    for each in labelled:
        same = " ".join(each.identity.split()).casefold()
        if people.setdefault(each.subject, same) != same:
            raise InputError(
                f"Two persons would both be called sub-{each.subject}: a coincidence of one in a million. "
                "Run them separately, with different key files."
            )


def judge(series: Series, rules: Sequence[mapping.Rule], suffixes: Iterable[str]) -> contrast.Contrast | str:
    """Tell what a series is: its contrast, or the reason why it is left out."""
    tags, layout = series.tags, series.layout
    if reason := contrast.why_no_image(tags):
        return reason
    verdict = next((rule.verdict for rule in rules if rule.matches(tags, series.number)), None)
    if verdict is None:
        n_volumes = 1 if layout.n_surplus else layout.n_volumes
        verdict = contrast.why_not_taken(tags, layout.n_slices, n_volumes) or contrast.recognise(tags)
    if isinstance(verdict, contrast.Contrast) and verdict.suffix not in suffixes:
        return f"images of suffix {verdict.suffix} are not among those taken (setting input.suffixes)"
    return verdict


def _name(taken: Sequence[tuple[_Labelled, contrast.Contrast]]) -> Iterator[Source]:
    groups: dict[str, dict[str, list[tuple[_Labelled, contrast.Contrast]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for labelled, kind in taken:
        name = _entities(labelled, kind, {})
        groups[names.Name(name, kind.suffix).stem][labelled.series.key.series].append((labelled, kind))
    for runs in groups.values():
        for run, echoes in enumerate(runs.values(), start=1):
            for echo, (labelled, kind) in enumerate(echoes, start=1):
                more = {"run": str(run)} if len(runs) > 1 else {}
                more |= {"echo": str(echo)} if len(echoes) > 1 else {}
                yield _source(labelled, kind, more)


def _entities(labelled: _Labelled, kind: contrast.Contrast, more: dict[str, str]) -> dict[str, str]:
    return names.in_order({"sub": labelled.subject, "ses": labelled.session, **kind.entities, **more})


def _source(labelled: _Labelled, kind: contrast.Contrast, more: dict[str, str]) -> Source:
    entities = _entities(labelled, kind, more)
    notes = [kind.note, labelled.series.layout.note]
    return Source(
        name=names.Name(entities, kind.suffix).stem,
        subject=labelled.subject,
        session=labelled.session,
        suffix=kind.suffix,
        datatype="anat",
        entities=entities,
        origin="dicom",
        note="; ".join(note for note in notes if note) or None,
        series=labelled.series,
        identity=labelled.identity,
    )
