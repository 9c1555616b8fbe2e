"""The review of unique values: what was counted, how suspicious it is, and what a person decided of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from defacto.privacy.judge import NAMES, NOT_READ, TEXTS, in_order, is_plain_column, weight
from defacto.privacy.sidecar import is_allowed
from defacto.privacy.strikes import Choice, Strikes, entry_of
from defacto.privacy.suspicion_dates import is_moved
from defacto.privacy.tally import Column, Count, Tag, Tally, Value

_LEAST_SUBJECTS = 5
_SHARE_VARYING = 0.9
_LEAST_FOR_RARE = 10
_COMMON_SHARE = 0.5


@dataclass(frozen=True)
class Item:
    """A value, how often it is there, why to look at it, and what was decided.

    Parameters
    ----------
    text : str
        The value as one line; of a long one its beginning.
    entry : str
        How a strikes file names it.
    seen, files, subjects : int
        How often, in how many files and of how many subjects; tables count rows.
    example : str
        One of the files, relative to the data set.
    marks : tuple of str
        Names of `defacto.privacy.suspicion.MARKS`; empty for what is plain.
    choice : Choice
        By its own entry or its tag's.
    """

    text: str
    entry: str
    seen: int
    files: int
    subjects: int
    example: str
    marks: tuple[str, ...]
    choice: Choice

    @property
    def is_open(self) -> bool:
        """Whether it is suspicious and undecided."""
        return bool(self.marks) and self.choice is Choice.OPEN


@dataclass(frozen=True)
class TagFound:
    """A tag with its values, the most suspicious first.

    Parameters
    ----------
    tag : Tag
        Where the values stand.
    seen, files, subjects : int
        As of an item, over all values.
    distinct : int
        Different values; an estimate where not all were kept.
    items : tuple of Item
        Values that were kept.
    marks : tuple of str
        Why to look at the tag as a whole.
    more : int
        How often there were values that were not kept.
    more_marks : mapping of str to int
        How many of these are suspicious, and why.
    choice : Choice
        Of the tag as a whole.
    """

    tag: Tag
    seen: int
    files: int
    subjects: int
    distinct: int
    items: tuple[Item, ...]
    marks: tuple[str, ...]
    more: int
    more_marks: Mapping[str, int]
    choice: Choice

    @property
    def asks_as_a_whole(self) -> bool:
        """Whether there is more to decide than its values one by one."""
        return bool(self.marks or self.more_marks)

    @property
    def open(self) -> int:
        """How many decisions are left: on its values, and on itself."""
        whole = self.asks_as_a_whole and self.choice is Choice.OPEN
        return sum(item.is_open for item in self.items) + whole

    @property
    def struck(self) -> int:
        """How many values are there that were struck out."""
        return sum(item.choice is Choice.STRUCK for item in self.items)

    @property
    def all_marks(self) -> tuple[str, ...]:
        """Every reason to look at it or at one of its values."""
        return in_order(
            {*self.marks, *self.more_marks, *(mark for item in self.items for mark in item.marks)}
        )


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Parameters
    ----------
    tags : tuple of TagFound
        The most suspicious first.
    files, subjects, unread : int
        Files and subjects there are, and files that were not looked into.
    """

    tags: tuple[TagFound, ...]
    files: int
    subjects: int
    unread: int

    @property
    def open(self) -> int:
        """How many decisions are left."""
        return sum(tag.open for tag in self.tags)

    @property
    def struck(self) -> int:
        """How many values are still there though they were struck out."""
        return sum(tag.struck for tag in self.tags)

    @property
    def clean(self) -> bool:
        """Whether nothing suspicious is undecided, and nothing that was struck out is there."""
        return not self.open and not self.struck


def conclude(tally: Tally, strikes: Strikes, *, subjects: int) -> Audit:
    """Judge what was counted.

    Parameters
    ----------
    tally : Tally
        Of the whole data set.
    strikes : Strikes
        What was decided before.
    subjects : int
        How many there are.
    """
    found = [_conclude_tag(tag, column, strikes) for tag, column in tally.by_tag()]
    return Audit(tuple(sorted(found, key=_place_in_list)), tally.files, subjects, tally.unread)


def _place_in_list(tag: TagFound) -> tuple[bool, int, str]:
    worst = max((weight(item.marks) for item in tag.items), default=0)
    whole = weight((*tag.marks, *tag.more_marks))
    return not tag.open, -max(worst, whole), str(tag.tag)


def _conclude_tag(tag: Tag, column: Column, strikes: Strikes) -> TagFound:
    column.trim()
    rare = _rare(tag, column)
    items = [
        _item(tag, Value.of(key), count, is_rare=key in rare, strikes=strikes)
        for key, count in (*column.values.items(), *column.worst.items())
    ]
    items.sort(key=lambda item: (item.choice is not Choice.OPEN, -weight(item.marks), item.seen, item.text))
    return TagFound(
        tag,
        column.total.seen,
        column.total.files,
        column.total.subjects,
        column.distinct,
        tuple(items),
        ("varies",) if _varies(tag, column) else (),
        column.more - sum(count.seen for count in column.worst.values()),
        _beyond(column),
        strikes.of(tag),
    )


def _item(tag: Tag, value: Value, count: Count, *, is_rare: bool, strikes: Strikes) -> Item:
    return Item(
        value.text,
        entry_of(tag, value),
        count.seen,
        count.files,
        count.subjects,
        count.example,
        in_order({*count.marks, "rare"}) if is_rare else count.marks,
        strikes.of(tag, value),
    )


def _beyond(column: Column) -> dict[str, int]:
    """Count the suspicious values that are in no list, by reason."""
    left = column.more_marks.copy()
    for count in column.worst.values():
        left.subtract(dict.fromkeys(count.marks, count.seen))
    return {mark: left[mark] for mark in in_order(set(+left))}


def _varies(tag: Tag, column: Column) -> bool:
    """Whether nearly every subject has a value of its own."""
    if tag.place in {NAMES, TEXTS, NOT_READ} or is_plain_column(*tag):
        return False
    if column.total.subjects < _LEAST_SUBJECTS or column.distinct < _SHARE_VARYING * column.total.subjects:
        return False
    own = sum(count.subjects == 1 and _is_free(tag, key, count) for key, count in column.values.items())
    return own >= _SHARE_VARYING * len(column.values)


def _rare(tag: Tag, column: Column) -> frozenset[str]:
    """Return the texts of one subject alone, where most subjects share another."""
    if tag.place or column.total.subjects < _LEAST_FOR_RARE or column.more:
        return frozenset()
    most = max((count.subjects for count in column.values.values()), default=0)
    if most < _COMMON_SHARE * column.total.subjects:
        return frozenset()
    return frozenset(
        key
        for key, count in column.values.items()
        if count.subjects == 1 and not Value.of(key).is_json and _is_free(tag, key, count)
    )


def _is_free(tag: Tag, key: str, count: Count) -> bool:
    """Whether a value might tell people apart: not allowed by the list, no moved date, no file's own name."""
    value = Value.of(key)
    if is_moved(value.text):
        return False
    if tag.place or value.digest:
        return bool(tag.place or count.marks) and "sub-" not in value.text
    whole = json.loads(value.text) if value.is_json else value.text
    return not is_allowed(tag.name, whole) and "sub-" not in value.text
