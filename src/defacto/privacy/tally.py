"""Unique values counted in bounded memory: the same result in whatever order, and however shared out."""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterator
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
    """

    text: str
    is_json: bool = False
    digest: str = ""

    @classmethod
    def of(cls, key: str) -> Value:
        """Return the value of a key."""
        if key[:1] == _LONG:
            return cls(key[66:], key[1] == _JSON, key[2:66])
        return cls(key[1:], is_json=True) if key[:1] == _JSON else cls(key)


_JSON, _LONG = "\0", "\1"


def key_of(text: str, *, is_json: bool) -> str:
    """Return what a value is counted under: its text, with a mark before it where it is JSON or long."""
    if len(text) > LONGEST:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        return f"{_LONG}{_JSON if is_json else ' '}{digest}{text[:_SHOWN_OF_LONG]} …"
    return _JSON + text if is_json else text.lstrip(_JSON + _LONG)


@dataclass(slots=True)
class Count:
    """How often a value was seen, in how many files and subjects, one of the files, and why to look at it."""

    seen: int = 0
    files: int = 0
    subjects: int = 0
    example: str = ""
    marks: tuple[str, ...] = ()
    last_file: int = -1
    last_subject: str | None = None

    def add(self, file: int, subject: str) -> None:
        """Count once more; all files of a subject come one after the other."""
        self.seen += 1
        if self.last_file != file:
            self.files += 1
            self.last_file = file
            if self.last_subject != subject:
                self.subjects += 1
                self.last_subject = subject
        elif self.last_subject != subject:
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
    """All values of a tag, by their keys."""

    total: Count = field(default_factory=Count)
    values: dict[str, Count] = field(default_factory=dict)
    more: int = 0
    more_marks: Counter[str] = field(default_factory=Counter)
    worst: dict[str, Count] = field(default_factory=dict)
    heap: list[tuple[int, str]] = field(default_factory=list)

    @property
    def distinct(self) -> int:
        """How many different values there are; estimated (to about 3 %) where not all are kept."""
        if not self.more:
            return len(self.values)
        return round((len(self.heap) - 1) * 2.0**64 / -self.heap[0][0])

    def join(self, other: Column) -> None:
        """Add what was counted of other subjects."""
        self.total.join(other.total)
        for key, found in other.values.items():
            if key in self.values:
                self.values[key].join(found)
            else:
                self.take(key, found)
        self.more += other.more
        self.more_marks += other.more_marks
        for key, found in other.worst.items():
            self._keep_worst(key, found)

    def take(self, key: str, found: Count) -> None:
        """Keep a value that is not among those kept, or another in its place."""
        if len(self.values) < MOST_VALUES:
            self.values[key] = found
            if len(self.values) == MOST_VALUES:
                self.heap = [(-_hash(each), each) for each in self.values]
                heapq.heapify(self.heap)
            return
        entry = (-_hash(key), key)
        if entry > self.heap[0]:
            _, out = heapq.heapreplace(self.heap, entry)
            self.values[key] = found
            key, found = out, self.values.pop(out)
        self.pass_over(found.seen, found.marks)
        if found.marks:
            self._keep_worst(key, found)

    def pass_over(self, seen: int, marks: tuple[str, ...]) -> None:
        """Count what is not among the values kept."""
        self.more += seen
        if marks:
            self.more_marks.update(dict.fromkeys(marks, seen))

    def _keep_worst(self, key: str, found: Count) -> None:
        if key in self.worst:
            self.worst[key].join(found)
            return
        self.worst[key] = found
        if len(self.worst) > 4 * MOST_WORST:
            self.trim()

    def trim(self) -> None:
        """Let go of all but the most suspicious of the values beyond those kept."""
        if len(self.worst) > MOST_WORST:
            ranked = sorted(self.worst, key=lambda key: (-weight(self.worst[key].marks), _hash(key)))
            self.worst = {key: self.worst[key] for key in ranked[:MOST_WORST]}


def _hash(key: str) -> int:
    digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") + 1


@dataclass(slots=True)
class Tally:
    """Counts of values by tag, over files that are given one after the other."""

    columns: dict[str, dict[str, Column]] = field(default_factory=dict)
    files: int = 0
    unread: int = 0
    file: int = 0
    subject: str = ""
    path: str = ""

    def begin(self, path: str, subject: str) -> None:
        """Go on to another file or folder."""
        self.file += 1
        self.path, self.subject = path, subject

    def add(
        self, place: str, name: str, text: str, *, is_json: bool = False, subject: str | None = None
    ) -> None:
        """Count a value of the file.

        Parameters
        ----------
        place, name : str
            As of a `Tag`.
        text : str
            The whole value as one line.
        is_json : bool
            Whether it is no text.
        subject : str, optional
            Whom it belongs to, where that is not the file's subject.
        """
        columns = self.columns.get(place)
        if columns is None:
            columns = self.columns[place] = {}
        column = columns.get(name)
        if column is None:
            column = columns[name] = Column()
        file, subject = self.file, self.subject if subject is None else subject
        column.total.add(file, subject)
        key = key_of(text, is_json=is_json)
        found = column.values.get(key)
        if found is not None:
            found.add(file, subject)
            return
        found = column.worst.get(key)
        if found is not None:
            found.add(file, subject)
            column.pass_over(1, found.marks)
            return
        found = Count(1, 1, 1, self.path, judge(place, name, text, is_json=is_json), file, subject)
        column.take(key, found)

    def join(self, other: Tally) -> None:
        """Add the tally of other subjects."""
        self.files += other.files
        self.unread += other.unread
        for place, columns in other.columns.items():
            mine = self.columns.setdefault(place, {})
            for name, column in columns.items():
                if name in mine:
                    mine[name].join(column)
                else:
                    mine[name] = column

    def by_tag(self) -> Iterator[tuple[Tag, Column]]:
        """Yield the counts of each tag."""
        for place, columns in self.columns.items():
            for name, column in columns.items():
                yield Tag(place, name), column
