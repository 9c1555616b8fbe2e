"""Unique values counted in bounded memory: the same result in whatever order, and however shared out."""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from defacto.privacy.judge import judge, weight

MOST_VALUES = 1000
"""Values kept of a tag: those of the smallest hash, which is a fair sample of all."""
MOST_WORST = 50
"""Suspicious values kept of a tag beyond these, the most suspicious ones."""
LONGEST = 400
"""Letters of a value that is kept whole."""
_SHOWN_OF_LONG = 160


class Tag(NamedTuple):
    """Where values stand: a place (empty for sidecars) and a name in it."""

    place: str
    name: str

    def __str__(self) -> str:
        return f"{self.place}:{self.name}" if self.place else self.name


class Value(NamedTuple):
    """A value as one line.

    Parameters
    ----------
    text : str
        Text as it is, anything else as JSON; of a long one its beginning.
    is_json : bool
        Whether it is no text.
    digest : str
        Of a long value, the SHA-256 of the whole; else empty.
    marks : tuple of str
        Of a long value, the reasons to look at the whole.
    """

    text: str
    is_json: bool = False
    digest: str = ""
    marks: tuple[str, ...] = ()


def value_of(tag: Tag, text: str, *, is_json: bool = False) -> Value:
    """Return a value; a long one is judged here, and cut."""
    if len(text) <= LONGEST:
        return Value(text, is_json)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    marks = judge(tag.place, tag.name, text, is_json=is_json)
    return Value(text[:_SHOWN_OF_LONG] + " …", is_json, digest, marks)


@dataclass(slots=True)
class Count:
    """How often a value was seen, in how many files and subjects, and one of the files."""

    seen: int = 0
    files: int = 0
    subjects: int = 0
    example: str = ""
    last_file: int = -1
    last_subject: str | None = None

    def add(self, file: int, subject: str, path: str) -> None:
        """Count once more; all files of a subject come one after the other."""
        self.seen += 1
        if self.last_file != file:
            self.files += 1
            self.last_file = file
            self.example = self.example or path
        if self.last_subject != subject:
            self.subjects += 1
            self.last_subject = subject

    def join(self, other: Count) -> None:
        """Add what was counted of other subjects."""
        self.seen += other.seen
        self.files += other.files
        self.subjects += other.subjects
        self.example = min(self.example, other.example)
        self.last_file, self.last_subject = -1, None


@dataclass(slots=True)
class Column:
    """All values of a tag."""

    tag: Tag
    total: Count = field(default_factory=Count)
    values: dict[Value, Count] = field(default_factory=dict)
    more: int = 0
    more_marks: Counter[str] = field(default_factory=Counter)
    worst: dict[Value, Count] = field(default_factory=dict)
    heap: list[tuple[int, Value]] = field(default_factory=list)

    @property
    def distinct(self) -> int:
        """How many different values there are; estimated from the hashes where not all are kept (about 3 %)."""
        if not self.more:
            return len(self.values)
        return round((len(self.heap) - 1) * 2.0**64 / -self.heap[0][0])

    def add(self, value: Value, file: int, subject: str, path: str) -> None:
        """Count a value."""
        self.total.add(file, subject, path)
        found = self.values.get(value)
        if found is not None:
            found.add(file, subject, path)
            return
        found = Count()
        found.add(file, subject, path)
        self._take(value, found)

    def join(self, other: Column) -> None:
        """Add what was counted of other subjects."""
        self.total.join(other.total)
        for value, found in other.values.items():
            if value in self.values:
                self.values[value].join(found)
            else:
                self._take(value, found)
        self.more += other.more
        self.more_marks += other.more_marks
        for value, found in other.worst.items():
            self._keep_worst(value, found)

    def _take(self, value: Value, found: Count) -> None:
        key = (-_hash(value), value)
        if len(self.values) < MOST_VALUES:
            heapq.heappush(self.heap, key)
            self.values[value] = found
            return
        if key > self.heap[0]:
            _, out = heapq.heapreplace(self.heap, key)
            self.values[value] = found
            value, found = out, self.values.pop(out)
        self._pass_over(value, found)

    def _pass_over(self, value: Value, found: Count) -> None:
        self.more += found.seen
        marks = value.marks if value.digest else judge(*self.tag, value.text, is_json=value.is_json)
        if marks:
            self.more_marks.update(dict.fromkeys(marks, found.seen))
            self._keep_worst(value, found)

    def _keep_worst(self, value: Value, found: Count) -> None:
        if value in self.worst:
            self.worst[value].join(found)
            return
        self.worst[value] = found
        if len(self.worst) > 4 * MOST_WORST:
            self.trim()

    def trim(self) -> None:
        """Let go of all but the most suspicious of the values beyond those kept."""
        if len(self.worst) > MOST_WORST:
            ranked = sorted(self.worst, key=lambda value: (-self._badness(value), _hash(value)))
            self.worst = {value: self.worst[value] for value in ranked[:MOST_WORST]}

    def _badness(self, value: Value) -> int:
        return weight(value.marks or judge(*self.tag, value.text, is_json=value.is_json))


def _hash(value: Value) -> int:
    text = f"{value.is_json}{value.digest}{value.text}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") + 1


@dataclass(slots=True)
class Tally:
    """Counts of values by tag, over files that are given one after the other."""

    columns: dict[Tag, Column] = field(default_factory=dict)
    files: int = 0
    unread: int = 0
    file: int = 0
    subject: str = ""
    path: str = ""

    def begin(self, path: str, subject: str) -> None:
        """Go on to another file or folder."""
        self.file += 1
        self.path, self.subject = path, subject

    def add(self, tag: Tag, text: str, *, is_json: bool = False, subject: str | None = None) -> None:
        """Count a value of the file.

        Parameters
        ----------
        tag : Tag
            Where it stands.
        text : str
            The whole value as one line.
        is_json : bool
            Whether it is no text.
        subject : str, optional
            Whom it belongs to, where that is not the file's subject.
        """
        column = self.columns.get(tag)
        if column is None:
            column = self.columns[tag] = Column(tag)
        value = Value(text, is_json) if len(text) <= LONGEST else value_of(tag, text, is_json=is_json)
        column.add(value, self.file, self.subject if subject is None else subject, self.path)

    def join(self, other: Tally) -> None:
        """Add the tally of other subjects."""
        self.files += other.files
        self.unread += other.unread
        for tag, column in other.columns.items():
            if tag in self.columns:
                self.columns[tag].join(column)
            else:
                self.columns[tag] = column
