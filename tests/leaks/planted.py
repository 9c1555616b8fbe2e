"""Identifiers planted wherever a DICOM series or a BIDS data set can hold one; and the search for them.

Every place gets an identifier of its own, so that a find says where it came from. Words hold a mark that
stands nowhere else, days lie in one year, numbers begin alike: each is looked for in every encoding that a
program might have put it into.
"""

from __future__ import annotations

import base64
import html
import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

MARK = "Zqxvok"
ACCENT = "Žqxvök"
YEARS = "193[1-9]"
NUMBER = "1731000"
CLOCK = "043711.731"


def _letters(index: int) -> str:
    return "".join(chr(ord("a") + index // 26**place % 26) for place in (2, 1, 0))


@dataclass
class Plants:
    """What was planted: identifier to place.

    Parameters
    ----------
    places : dict of str to str
        Where each identifier was put.
    """

    places: dict[str, str] = field(default_factory=dict)
    _counts: Counter[str] = field(default_factory=Counter)
    _once: dict[str, str] = field(default_factory=dict)

    def _next(self, kind: str) -> int:
        self._counts[kind] += 1
        return self._counts[kind] - 1

    def once(self, place: str) -> str:
        """Return the word of a place, the same at every call."""
        if place not in self._once:
            self._once[place] = self.word(place)
        return self._once[place]

    def word(self, place: str, *, accent: bool = False) -> str:
        """Return a new word for a place."""
        word = (ACCENT if accent else MARK) + _letters(self._next("word"))
        self.places[word.casefold()] = place
        return word

    def day(self, place: str) -> str:
        """Return a new day, ``YYYYMMDD``; there are 3,024 of them."""
        count = self._next("day")
        day = f"193{1 + count // 336}{count % 336 // 28 + 1:02}{count % 28 + 1:02}"
        self.places[day] = place
        return day

    def number(self, place: str) -> str:
        """Return a new number of ten digits."""
        number = f"{NUMBER}{self._next(NUMBER) % 1000:03}"
        self.places[number] = place
        return number

    def time(self, place: str) -> str:
        """Return a new time of day."""
        time = f"{CLOCK}{self._next(CLOCK) % 1000:03}"
        self.places[time] = place
        return time

    def find(self, content: bytes) -> set[str]:
        """Return what of it stands in some bytes."""
        found: set[str] = set()
        for text in _readings(content):
            for pattern, plain in _PATTERNS:
                for match in pattern.finditer(text):
                    key = plain(match)
                    if key in self.places:
                        found.add(key)
        return found

    def find_plain(self, content: bytes) -> set[str]:
        """Return which identifiers stand in some bytes, whatever they look like."""
        found: set[str] = set()
        for text in map(str.casefold, _readings(content)):
            found |= {key for key in self.places if key.casefold() in text}
        return found

    def leaks(
        self, *roots: Path, texts: dict[str, bytes] | None = None, plain: bool = False
    ) -> dict[str, str]:
        """Return identifier and place -> file, for everything that is found below folders and in texts.

        With `plain`, identifiers are looked for that this class did not make.
        """
        find = self.find_plain if plain else self.find
        leaks: dict[str, str] = {}
        for root in roots:
            for path in sorted(root.rglob("*")):
                for key in find(path.relative_to(root).as_posix().encode()):
                    leaks[f"{key} ({self.places[key]})"] = f"name {path.name}"
                if path.is_file():
                    for part, content in _contents(path):
                        for key in find(content):
                            leaks[f"{key} ({self.places[key]})"] = f"{path.relative_to(root)}{part}"
        for name, content in (texts or {}).items():
            for key in find(content):
                leaks[f"{key} ({self.places[key]})"] = name
        return leaks


def _word(match: re.Match[str]) -> str:
    return match[0].casefold()


_PATTERNS = (
    (re.compile(f"{MARK}[a-z]{{3}}", re.IGNORECASE), _word),
    (re.compile(f"{ACCENT}[a-z]{{3}}", re.IGNORECASE), _word),
    (re.compile(rf"({YEARS})([-:./ ]?)(\d\d)\2(\d\d)"), lambda m: m[1] + m[3] + m[4]),
    (re.compile(rf"(\d\d)([-:./])(\d\d)\2({YEARS})"), lambda m: m[4] + m[3] + m[1]),
    (re.compile(rf"(\d\d)([-:./])(\d\d)\2({YEARS})"), lambda m: m[4] + m[1] + m[3]),
    (re.compile(rf"{NUMBER}\d{{3}}"), lambda m: m[0]),
    (re.compile(r"04:?37:?11\.731(\d{3})"), lambda m: f"{CLOCK}{m[1]}"),
)


def _readings(content: bytes) -> Iterator[str]:
    """Yield the content read in every encoding that might hold a word."""
    latin = content.decode("latin-1")
    yield latin
    yield content.decode("utf-8", errors="ignore")
    if b"\0" in content:
        for start in (0, 1):
            for encoding in ("utf-16-le", "utf-16-be"):
                yield content[start:].decode(encoding, errors="replace")
    if "%" in latin or "&#" in latin or "\\u" in latin or "\\x" in latin:
        yield _unescaped(latin)
    for run in re.findall(r"(?:[0-9a-fA-F]{2}){8,}", latin):
        for part in (run, run[1:-1]):
            yield bytes.fromhex(part).decode("utf-8", errors="ignore")
    for run in re.findall(r"[A-Za-z0-9+/_-]{12,}", latin):
        for start in range(4):
            yield _from_base64(run[start:]).decode("utf-8", errors="ignore")


def _unescaped(text: str) -> str:
    text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), text)
    text = re.sub(r"(?:%|\\x)([0-9a-fA-F]{2})", lambda m: chr(int(m[1], 16)), text)
    unescaped = html.unescape(text)
    return unescaped.encode("latin-1", errors="ignore").decode("utf-8", errors="ignore") + unescaped


def _from_base64(run: str) -> bytes:
    whole = run.replace("-", "+").replace("_", "/")
    return base64.b64decode(whole[: len(whole) // 4 * 4], validate=False)


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the bytes of a file, and of what is packed in it."""
    content = path.read_bytes()
    yield "", content
    if content[:2] == b"\x1f\x8b":
        yield " (unpacked)", _gunzipped(content)
    if content[:4] == b"PK\3\4":
        with zipfile.ZipFile(BytesIO(content)) as packed:
            for name in packed.namelist():
                yield f" ({name})", name.encode() + packed.read(name)


def _gunzipped(content: bytes) -> bytes:
    parts = []
    while content[:2] == b"\x1f\x8b":
        member = zlib.decompressobj(wbits=31)
        parts.append(member.decompress(content))
        content = member.unused_data
    return b"".join(parts) + content


def spellings(word: str) -> dict[str, bytes]:
    """Return a word in every encoding that the search knows: it is tested with them."""
    return {
        "utf-8": word.encode(),
        "utf-16-le": word.encode("utf-16-le"),
        "utf-16-be": word.encode("utf-16-be"),
        "upper": word.upper().encode(),
        "hex": word.encode().hex().encode(),
        "base64": base64.b64encode(f"{{'name': '{word}'}}".encode()),
        "base64, other place": base64.b64encode(f"name: {word}!".encode()),
        "percent": quote(word).encode()
        if word != quote(word)
        else "".join(f"%{b:02X}" for b in word.encode()).encode(),
        "html": "".join(f"&#{ord(c)};" for c in word).encode(),
        "json": json.dumps(word).encode(),
    }
