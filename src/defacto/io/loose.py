"""Loose NIfTI and MGH files: contrast from the name, new labels for the subjects."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from defacto.io import inheritance, names
from defacto.io.choice import Choice
from defacto.io.kind import LINKED_FOLDER, count_linked_folders, walk_files
from defacto.io.source import Found, LeftOut, Source, why_unreadable
from defacto.io.subjects import keyed_label, subject_key

_CONTRASTS = (
    ("FLAIR", re.compile(r"flair")),
    ("T2starw", re.compile(r"(?<![a-z0-9])t2(star|s|\*)")),
    ("T2w", re.compile(r"(?<![a-z0-9])t2")),
    ("PDw", re.compile(r"(?<![a-z])(pdw?|protondensity)(?![a-z])")),
    ("T1w", re.compile(r"(?<![a-z0-9])t1|mp2?rage|spgr|bravo|tfl3d")),
)
_AGENT = re.compile(r"(?<![a-z0-9])t1w?[-_+ ]?(gd|gad|ce|c|post|km)(?![a-z])")
NO_HEAD = re.compile(
    r"(?<![a-z])(bold|dwi|dti|adc|fieldmap|fmap|mask|brainmask|seg|aseg|labels?|segmentation)(?![a-z])"
)


def find(folder: Path, choice: Choice, key_file: Path | None = None) -> Found:
    """Find loose volume files in a folder and below, or take the one file given.

    A file whose name is already a BIDS name keeps it. Every other becomes a subject of its own, with a
    label made from its relative path and the key: file names often hold names of persons, so nothing of
    them is copied.

    Parameters
    ----------
    folder : Path
        Folder or file.
    choice : Choice
        What is asked for.
    key_file : Path, optional
        The key for labels.
    """
    root = (folder.parent if folder.is_file() else folder).resolve()
    files = [path for path in walk_files(folder) if names.volume_extension(path.name)]
    paths = {
        path: path.relative_to(folder.parent if folder.is_file() else folder).as_posix() for path in files
    }
    counts = Counter(name.stem for path in files if (name := names.parse(path.name)))
    key = b"" if all(counts.get(_stem(path)) == 1 for path in files) else subject_key(key_file)
    sources: list[Source] = []
    links = count_linked_folders(folder)
    left_out = [LeftOut(f"{links} files or folders", LINKED_FOLDER)] if links else []
    for path, relative in paths.items():
        name = names.parse(path.name)
        known = name if name and counts[name.stem] == 1 else None
        source = _source(path.absolute(), known or _new_name(relative, key), None if known else relative)
        if reason := _why_not(source, choice, root):
            left_out.append(LeftOut(source.name, reason))
        else:
            sources.append(source)
    choice.require_known(
        {each.subject for each in sources}
        | {each.name.split("_")[0].removeprefix("sub-") for each in left_out},
        {each.session for each in sources if each.session},
    )
    return _chosen(sources, choice), left_out


def _stem(path: Path) -> str:
    name = names.parse(path.name)
    return name.stem if name else ""


def _chosen(sources: list[Source], choice: Choice) -> list[Source]:
    wanted = [
        source
        for source in sources
        if choice.wants_subject(source.subject)
        and choice.wants_session(source.session)
        and choice.wants(names.Name(source.entities, source.suffix), source.datatype)
    ]
    return sorted(wanted, key=lambda source: source.name)


def _new_name(relative: str, key: bytes) -> names.Name:
    text = Path(relative).name.lower()
    suffix = next((suffix for suffix, pattern in _CONTRASTS if pattern.search(text)), "T1w")
    entities = {"sub": keyed_label(key, "file", relative)}
    if suffix == "T1w" and _AGENT.search(text):
        entities["ce"] = "gd"
    return names.Name(entities, suffix)


def _source(path: Path, name: names.Name, identity: str | None) -> Source:
    extension = names.volume_extension(path.name) or ""
    sidecar = inheritance.read_object(path.with_name(path.name.removesuffix(extension) + ".json"))
    return Source(
        name=name.stem,
        subject=name.entities["sub"],
        session=name.entities.get("ses"),
        suffix=name.suffix,
        datatype="anat",
        entities=name.entities,
        origin="nifti",
        note=_note(path, identity),
        path=path,
        sidecar=sidecar or {},
        identity=identity,
    )


def _note(path: Path, identity: str | None) -> str | None:
    text = path.name.lower()
    if identity is None or any(pattern.search(text) for _, pattern in _CONTRASTS):
        return None
    return "the name of the file does not tell the contrast; T1w is assumed"


def _why_not(source: Source, choice: Choice, root: Path) -> str | None:
    path = source.path
    if path is None or source.suffix not in choice.suffixes:
        return f"images of suffix {source.suffix} are not among those taken (setting input.suffixes)"
    if source.identity and (match := NO_HEAD.search(path.name.lower())):
        return f"the name of the file says that it is no structural image ({match[1]})"
    return why_unreadable(path, path.is_symlink(), root)
