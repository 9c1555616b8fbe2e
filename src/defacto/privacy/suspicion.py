"""What makes a value suspicious: patterns of names, dates, numbers and places in a text or a number.

A mark is a reason to look, never a verdict: too much is marked rather than too little.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from defacto.privacy.suspicion_dates import cut_dates, has_date_in_digits, is_epoch
from defacto.privacy.suspicion_names import names_somebody

Form = Literal["text", "prose", "label"]
"""A value of a tag, a line of sentences, or a label in a file name."""


@dataclass(frozen=True)
class Mark:
    """A reason to look at a value.

    Parameters
    ----------
    weight : int
        10 is the most suspicious; values are sorted by the sum.
    sentence : str
        For people.
    """

    weight: int
    sentence: str


MARKS = {
    "name": Mark(10, "It looks like the name of a person."),
    "e-mail": Mark(9, "It holds an e-mail address."),
    "age": Mark(9, "It looks like an age over 89."),
    "phone": Mark(8, "It looks like a phone number."),
    "number": Mark(8, "It is long enough for a medical record number."),
    "date": Mark(8, "It holds a date."),
    "address": Mark(7, "It looks like an address, or names a hospital or university."),
    "serial": Mark(7, "It looks like a serial number, or the code of a device or a person."),
    "uid": Mark(7, "It is a unique identifier, which leads back to the original images."),
    "path": Mark(7, "It is a path on somebody's computer."),
    "host": Mark(7, "It looks like the name or address of a computer."),
    "header text": Mark(6, "Programs put text of every kind into this part of a file."),
    "time": Mark(6, "It holds a time of day."),
    "identifying tag": Mark(
        6, "The tag is made for what names a person, a place, a device or a time, or for free text."
    ),
    "varies": Mark(6, "It is different in nearly every subject, so that it tells them apart."),
    "url": Mark(5, "It holds an internet address."),
    "encoded": Mark(5, "It is encoded, and may hold anything."),
    "not read": Mark(5, "The audit does not look into files of this kind: look yourself, or leave them out."),
    "free text": Mark(4, "It is free text, in which people write anything."),
    "long": Mark(4, "It is long."),
    "unexpected": Mark(4, "The tag is known, but this is not a value that it has."),
    "unknown word": Mark(2, "It holds a word that is on no list here: a name may be one."),
    "rare": Mark(3, "It is in one subject alone, where others have another value."),
}
"""Every reason by name."""

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*")
_URL = re.compile(r"\b(?:https?|ftps?|sftp|ssh|s3|file|smb)://\S*|\bwww\.\S+|\bdoi:\S+", re.IGNORECASE)
_PATH = re.compile(
    r"(?<![\w.:/<\])}])/(?:[\w.@+~ -]+/)+[\w.@+~-]*|\b[A-Za-z]:[\\/]\S+"
    r"|\\\\\w[^\s\\]*\\\S+|(?:^|[\s\"'=(])~\w*/\S*"
)
_IP = re.compile(
    r"(?<![\d.])(?:[1-9]\d|1\d\d|2[0-4]\d|25[0-5])(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}(?![\d.])"
)
_MAC = re.compile(r"\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b")
_HOST = re.compile(
    r"\b(?:[a-z0-9-]+\.)+(?:local|localdomain|lan|internal|intern|corp|home|edu|gov|nhs\.uk|ac\.[a-z]{2}|org|com|net|de|ch"
    r"|at|fr|nl|uk|eu|it|es|se|no|dk|jp|cn)\b|\b(?:awp|mrc|pc|ws|srv|host|desktop|laptop|workstation)-?\d{3,}\b",
    re.IGNORECASE,
)
_UID = re.compile(r"(?<![\d.])[0-2](?:\.(?:0|[1-9]\d*)){4,}(?![\d.])")
_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE)
_LEAST_UID = 18
_PHONE = re.compile(
    r"(?<![\w.])(?:\+|00)\d[\d\s()./-]{6,}\d|\(\d{2,5}\)\s?\d[\d\s/-]{4,}\d"
    r"|(?<![\w.,-])0\d{1,4}[\s/-]\d[\d\s-]{4,}\d(?!\w)"
    r"|(?<![\d.])\d{3}[-. ]\d{3}[-. ]\d{4}(?![\d.])"
    r"|\b(?:tel|phone|fax|mobile|cell)\b[.:#\s]*[+(]?\d[\d\s()/-]{3,}",
    re.IGNORECASE,
)
_AGE = re.compile(
    r"\b0?(?:9\d|1[0-2]\d)\s?-?(?:Y\b|y/?o\b|yrs?\b|years?\b|-year)|\b(?:aged?|alter)\W{0,2}(?:9\d|1[0-2]\d)\b",
    re.IGNORECASE,
)
_SERIAL = re.compile(r"\b(?:S/?N|serial(?:\s?(?:no|number))?)\b[\s:#.=-]*\w*\d{3,}\w*", re.IGNORECASE)
_ADDRESS = re.compile(
    r"\b\d{1,5}[a-z]?\s+(?:\w+\.?\s){1,3}(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|square|hwy)\b"
    r"|\w+(?:straße|strasse|str\.|weg|platz|gasse|allee|laan|straat|gatan|vej|vägen)\s*\d+"
    r"|\b(?:rue|via|calle|avenida|viale|piazza|plaza|chemin)\s+\w+|\b[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}\b|\bP\.?O\.?\s?Box\b"
    r"|\b[A-Z][a-z]+,\s[A-Z]{2}\s\d{5}\b",
    re.IGNORECASE,
)
_INSTITUTION = re.compile(
    r"hospital|klinik|clinic\b|clinique|hôpital|hopital|univers|krankenhaus|ziekenhuis|infirmary"
    r"|medical cent(?:er|re)"
    r"|\b(?:dept|department|institut\w*|faculty|ward)\b",
    re.IGNORECASE,
)
_BLOB = re.compile(
    r"(?=[A-Za-z0-9+/_-]*\d)(?=[A-Za-z0-9+/_-]*[a-z])(?=[A-Za-z0-9+/_-]*[A-Z])[A-Za-z0-9+/_-]{40,}={0,2}"
)
_HEX = re.compile(r"\b[0-9a-fA-F]{24,}\b")
_WORD = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(r"\d+")
_LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")
_CODE = re.compile(r"[A-Za-z0-9]{7,}")
_NO_DIGITS = re.compile(r"[^0-9]+")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_MAYBE_HOST = re.compile(r"[A-Za-z0-9]\.[A-Za-z]|[A-Za-z]-?\d{3}")
_ANYTHING = re.compile(r"\d|[@^\\/]|[^\W\d_]{3}")
_LONGEST = 64
_LEAST_DIGITS = 6
LEAST_INTEGER = 1_000_000
"""A number of this size or more may be a date or a record number."""
_OLDEST = 89


def marks_of_text(text: str, form: Form = "text") -> frozenset[str]:
    """Return the names of the reasons to look at a text.

    Parameters
    ----------
    text : str
        As it stands in the file.
    form : {"text", "prose", "label"}
        In prose neither length nor capitals count; a label is read word by word.

    Examples
    --------
    >>> sorted(marks_of_text("Doe^Jane"))
    ['name']
    >>> sorted(marks_of_text("scanned on 31.1.2020 at 10:15", "prose"))
    ['date', 'time']
    """
    if not _ANYTHING.search(text):
        return frozenset()
    found: set[str] = set()
    digits = len(_NO_DIGITS.sub("", text))
    rest = _take(text, found)
    if digits:
        rest, kinds = cut_dates(rest, label=form == "label")
        found |= kinds
        rest = _take_numbers(_LEADING_ZEROS.sub("0", rest) if form == "label" else rest, found, digits)
    if form == "label" or not _LETTERS.search(rest):
        return frozenset(found | (_shape(text) if form == "text" else set()))
    if digits >= 3 and (_SERIAL.search(rest) or _has_code(rest)):
        found.add("serial")
    if (" " in text and _ADDRESS.search(text)) or (form == "text" and _INSTITUTION.search(text)):
        found.add("address")
    if names_somebody(rest, strict=form == "prose"):
        found.add("name")
    return frozenset(found | (_shape(text) if form == "text" else set()))


def _take(text: str, found: set[str]) -> str:
    """Note what has an unmistakable form, and return the text without it, so that its digits count once."""
    if "@" in text:
        text = _cut(text, "e-mail", _EMAIL, found)
    if ":" in text or "www." in text:
        text = _cut(text, "url", _URL, found)
        text = _cut(text, "host", _MAC, found)
    if "-" in text and len(text) >= 17:
        text = _cut(text, "uid", _UUID, found)
        text = _cut(text, "host", _MAC, found)
    if text.count(".") >= 4:
        for uid in [match.group() for match in _UID.finditer(text) if len(match.group()) >= _LEAST_UID]:
            found.add("uid")
            if any(has_date_in_digits(part) for part in uid.split(".")):
                found.add("date")
            text = text.replace(uid, " ")
    if len(text) >= 24:
        text = _cut(text, "encoded", _BLOB, found)
        text = _cut(text, "encoded", _HEX, found)
    if ("/" in text or "\\" in text) and _PATH.search(text):
        found.add("path")
    if (text.count(".") >= 3 and _IP.search(text)) or (_MAYBE_HOST.search(text) and _HOST.search(text)):
        found.add("host")
    return text


def _cut(text: str, mark: str, pattern: re.Pattern[str], found: set[str]) -> str:
    if not pattern.search(text):
        return text
    found.add(mark)
    return pattern.sub(" ", text)


def _take_numbers(text: str, found: set[str], digits: int) -> str:
    if digits >= 5:
        text = _cut(text, "phone", _PHONE, found)
    if digits >= 2 and _AGE.search(text):
        found.add("age")
    if digits >= _LEAST_DIGITS and _has_number(text):
        found.add("number")
    return text


def _has_number(text: str) -> bool:
    """Whether there is a run of digits, fractions apart, as long as those of record numbers."""
    for match in _DIGITS.finditer(text):
        before = text[max(match.start() - 2, 0) : match.start()]
        fraction = before.endswith(".") and before[:1].isdigit()
        if len(match.group()) >= _LEAST_DIGITS and not fraction:
            return True
    return bool(re.search(r"\b\d{3}-\d{2}-\d{4}\b|\b\d{3}\s\d{3}\s\d{3,4}\b", text))


def _has_code(text: str) -> bool:
    """Whether a word mixes letters and four digits or more, as serial numbers and codes of people do."""
    return any(sum(c.isdigit() for c in word) >= 4 and not word.isdigit() for word in _CODE.findall(text))


def _shape(text: str) -> set[str]:
    words = [word for word in _WORD.findall(text) if len(word) > 1]
    found = {"long"} if len(text) > _LONGEST else set()
    return found | ({"free text"} if len(words) >= 4 and " " in text.strip() else set())


def marks_of_number(value: float, *, age: bool = False) -> frozenset[str]:
    """Return the names of the reasons to look at a number.

    Parameters
    ----------
    value : float
        Of any size.
    age : bool
        Whether it stands under a tag for ages.

    Examples
    --------
    >>> sorted(marks_of_number(20200131))
    ['date', 'number']
    >>> sorted(marks_of_number(0.00298))
    []
    """
    if age and value > _OLDEST:
        return frozenset({"age"})
    if not math.isfinite(value) or abs(value) < LEAST_INTEGER:
        return frozenset()
    found = {"number"} if float(value).is_integer() else set()
    whole = str(int(abs(value)))
    if has_date_in_digits(whole) or is_epoch(value):
        found.add("date")
    return frozenset(found)
