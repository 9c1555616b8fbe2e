"""A DICOM image's attributes cleaned: the basic profile of PS3.15 Annex E, and nothing that is not known.

An attribute stays if an MR image has it (PS3.3), the profile does not ask for its removal, and its value is
of the expected kind: a number of plausible size, a code or text made of known words, a UID that is then
replaced. Everything else goes: other attributes, free text, private tags but for `SAFE_PRIVATE`, bulk data
that is not the image.

Options of the profile: Clean Descriptors always; Retain Longitudinal Temporal Information with Modified Dates
and Retain Patient Characteristics where settings ask for them; of Retain Safe Private a short table of
numbers; Clean Recognizable Visual Features is the defacing.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import UID

from defacto.config import PrivacySettings
from defacto.io.headers import quiet
from defacto.privacy import dicom_terms as terms
from defacto.privacy import sidecar
from defacto.privacy.dates import Shift, read_moment
from defacto.privacy.person import words_of

_DATES = frozenset({"DA", "TM", "DT"})
_DICOM_ROOT = "1.2.840.10008."
_LARGEST = 99_999
_LARGEST_AGE = 89
_AGE = re.compile(r"(\d{3})([DWMY])")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_WORD = re.compile(r"[A-Za-z]+")
_MAX_CODE_DIGITS = 3
_PIXEL_DATA = tag_for_keyword("PixelData")
_DUMMIES = {"DA": "19000101", "TM": "000000", "DT": "19000101000000", "LO": "REMOVED", "SH": "REMOVED"}
_CODE_OF_OPTION = {
    "113100": "Basic Application Confidentiality Profile",
    "113102": "Clean Recognizable Visual Features Option",
    "113105": "Clean Descriptors Option",
    "113107": "Retain Longitudinal Temporal Information Modified Dates Option",
    "113108": "Retain Patient Characteristics Option",
    "113111": "Retain Safe Private Option",
}


@dataclass(frozen=True)
class Pseudonym:
    """Who a person becomes.

    Parameters
    ----------
    subject : str
        New label, without ``sub-``.
    key : bytes
        The secret that UIDs and the shift of dates are made with.
    settings : PrivacySettings
        What is kept.
    """

    subject: str
    key: bytes = field(repr=False)
    settings: PrivacySettings = field(default_factory=PrivacySettings)

    @property
    def shift(self) -> Shift | None:
        """How dates are moved; None where they go."""
        return Shift.of(self.key, self.subject) if self.settings.dates == "shift" else None

    def uid(self, uid: str) -> str:
        """Return the new UID of an old one: the same wherever and whenever it occurs.

        Examples
        --------
        >>> Pseudonym("a", b"k").uid("1.2.3") == Pseudonym("b", b"k").uid("1.2.3 ")
        True
        """
        digest = hmac.new(self.key, f"uid\x1f{uid.strip().rstrip(chr(0))}".encode(), hashlib.sha256).digest()
        return f"2.25.{uuid.UUID(bytes=digest[:16], version=4).int}"


def clean(data: Dataset, pseudonym: Pseudonym) -> Dataset:
    """Return what may leave of an image, without its pixels.

    Parameters
    ----------
    data : Dataset
        As it was read; it is not changed.
    pseudonym : Pseudonym
        Who the person becomes.

    Returns
    -------
    Dataset
        New; pixels and all that describes how they are encoded are for the caller to set.
    """
    with quiet():
        return _cleaned(data, pseudonym)


def _cleaned(data: Dataset, pseudonym: Pseudonym) -> Dataset:
    types = terms.SINGLE if str(data.get("SOPClassUID", "")) == f"{_DICOM_ROOT}5.1.4.1.1.4" else terms.MULTI
    known = _words_of_the_person(data)
    cleaned = _Cleaner(types, pseudonym, known).cleaned(data)
    cleaned.PatientID = cleaned.PatientName = f"sub-{pseudonym.subject}"
    _say(cleaned, data, pseudonym)
    return cleaned


def _say(cleaned: Dataset, data: Dataset, pseudonym: Pseudonym) -> None:
    """Say what was done; `BurnedInAnnotation` stays what it was, since nobody looked for burned-in text."""
    settings = pseudonym.settings
    dates = settings.dates == "shift"
    options = ["113100", "113102", "113105"]
    options += ["113107"] * dates + ["113108"] * settings.characteristics
    options += ["113111"] * any(element.tag.is_private for element in cleaned)
    cleaned.PatientIdentityRemoved = "YES"
    cleaned.DeidentificationMethod = ["defacto", "basic profile, allow-list", "face removed or replaced"]
    cleaned.DeidentificationMethodCodeSequence = Items([_code(option) for option in options])
    cleaned.LongitudinalTemporalInformationModified = "MODIFIED" if dates else "REMOVED"
    cleaned.RecognizableVisualFeatures = "NO"
    if "BurnedInAnnotation" in cleaned and str(data.get("BurnedInAnnotation", "")).strip() != "NO":
        del cleaned.BurnedInAnnotation


def _code(value: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator = value, "DCM"
    item.CodeMeaning = _CODE_OF_OPTION[value]
    return item


def _words_of_the_person(data: Dataset) -> frozenset[str]:
    """Return the words, of three letters or more, of what the tags say of the patient."""
    return words_of(
        _text(element.value)
        for element in _elements(data, lambda tag: tag >> 16 == 0x0010)
        if element.VR in {"PN", "LO", "SH", "LT", "UT", "UC", "ST"}
    )


@dataclass(frozen=True)
class _Cleaner:
    types: Mapping[int, str]
    pseudonym: Pseudonym
    known: frozenset[str]

    def cleaned(self, data: Dataset) -> Dataset:
        result = Dataset()
        for element in _elements(data, (self.types.keys() - terms.NEVER).__contains__):
            for kept in self._treat(element, data):
                result.add(kept)
        _add_private(result, data)
        return result

    def _treat(self, element: DataElement, data: Dataset) -> Iterator[DataElement]:
        tag = int(element.tag)
        kind = self.types.get(tag)
        if kind is None or tag == _PIXEL_DATA:
            return
        vr = _expected_vr(element)
        if vr is None:
            return
        value = self._value(element, vr, data)
        if value is None and kind in {"2", "2C"}:
            value = Items([]) if vr == "SQ" else ""
        if value is None and kind in {"1", "1C"} and vr in _DUMMIES:
            value = _DUMMIES[vr]
        if value is not None:
            yield DataElement(element.tag, vr, value)

    def _value(self, element: DataElement, vr: str, data: Dataset) -> object:
        """Return the value that stays; None where none does."""
        settings, tag, keyword = self.pseudonym.settings, int(element.tag), element.keyword
        action = terms.PROFILE.get(tag)
        value: object = None
        if vr in _DATES:
            shift = self.pseudonym.shift
            value = None if shift is None else _moved(element, vr, data, shift)
        elif tag in terms.CHARACTERISTICS:
            value = _characteristic(element, vr) if settings.characteristics else None
        elif vr == "UI":
            value = self._uid(element, action)
        elif keyword in terms.DESCRIPTORS:
            words = _known_words(element.value, terms.DESCRIPTORS[keyword])
            value = self._unknown_to_the_person(words)
        elif action is None and vr == "SQ":
            value = self._items(element)
        elif action is None and vr in _PLAIN:
            value = _PLAIN[vr](element.value, vr)
        elif action is None:
            value = self._unknown_to_the_person(_plain_text(keyword, element.value))
        return value

    def _uid(self, element: DataElement, action: str | None) -> str | None:
        uid = _text(element.value)
        if element.keyword == "SOPClassUID":
            return uid if uid.startswith(_DICOM_ROOT) and UID(uid).is_valid else None
        return self.pseudonym.uid(uid) if action == "U" and uid else None

    def _items(self, element: DataElement) -> Items | None:
        if not isinstance(element.value, Iterable):
            return None
        if element.keyword == "AnatomicRegionSequence":
            items = [code for item in element.value if (code := _place(item)) is not None]
        else:
            items = [self.cleaned(item) for item in element.value]
        return Items(items) if items else None

    def _unknown_to_the_person(self, value: object) -> object:
        """Return None instead of text with a word of the patient's tags, be it the name of a scanner too."""
        return None if words_of([_text(value)]) & self.known else value


def _elements(data: Dataset, wanted: Callable[[int], bool]) -> Iterator[DataElement]:
    """Yield the elements of these tags that can be read; others are not even decoded."""
    for tag in sorted(tag for tag in data.keys() if wanted(tag)):  # noqa: SIM118  (items are decoded else)
        try:
            element = data[tag]
        except Exception:  # noqa: S112  (pydicom raises many kinds; unreadable goes)
            continue
        yield element


def _expected_vr(element: DataElement) -> str | None:
    """Return the VR that the standard gives an attribute, where the element has it; its own may lie."""
    expected = dictionary_VR(element.tag).split(" or ")
    return str(element.VR) if element.VR in expected else None


def _moved(element: DataElement, vr: str, data: Dataset, shift: Shift) -> str | None:
    tag = int(element.tag)
    if vr == "TM":
        date = data.get(terms.TIME_OF.get(tag, 0))
        moment = read_moment(_text(date.value), _text(element.value)) if date is not None else None
        return None if moment is None else _dicom_time(shift.moved(moment))
    if tag not in terms.MOVED_DATES:
        return None
    text = _text(element.value)
    if vr == "DT":
        moment = read_moment(text[:8], text[8:].split("+")[0].split("-")[0])
        return None if moment is None else shift.moved(moment).strftime("%Y%m%d%H%M%S.%f")
    times = (time for time, of in terms.TIME_OF.items() if of == tag)
    time = next((_text(data[each].value) for each in times if each in data), "")
    moment = read_moment(text, time) or read_moment(text)
    return None if moment is None else shift.moved(moment).strftime("%Y%m%d")


def _dicom_time(moment: datetime) -> str:
    return moment.strftime("%H%M%S.%f")


def _characteristic(element: DataElement, vr: str) -> object:
    if vr == "AS":
        age = _AGE.fullmatch(_text(element.value))
        if age is None:
            return None
        return "090Y" if age[2] == "Y" and int(age[1]) > _LARGEST_AGE else age[0]
    if vr == "CS":
        return _text(element.value) if _text(element.value) in {"M", "F", "O"} else None
    number = _numbers(element.value, vr)
    return number if not isinstance(number, list) else None


def _numbers(value: object, vr: str) -> object:
    """Return numbers of plausible size: none that could be a date or the number of a record."""
    items = list(value) if isinstance(value, Sequence) and not isinstance(value, str | bytes) else [value]
    if not items or not all(_NUMBER.fullmatch(_text(item)) for item in items):
        return None
    numbers = [float(_text(item)) for item in items]
    if not all(math.isfinite(number) and abs(number) <= _LARGEST for number in numbers):
        return None
    if vr not in {"DS", "FL", "FD"}:
        return [int(number) for number in numbers] if len(numbers) > 1 else int(numbers[0])
    if vr == "DS":
        texts = [_text(item) for item in items]
        return texts if len(texts) > 1 else texts[0]
    return numbers if len(numbers) > 1 else numbers[0]


def _codes(value: object, vr: str) -> object:
    """Return the coded strings whose words are all known."""
    items = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    kept = [text for item in items if (text := _text(item)) and _is_code(text)]
    if not kept:
        return None
    return kept if len(kept) > 1 else kept[0]


def _is_code(text: str) -> bool:
    if text.casefold() in terms.CODE_WORDS:
        return True
    words = re.findall(r"[a-z]+\d?|\d+", text.casefold().replace("_", " "))
    digits = sum(character.isdigit() for character in text)
    plain = re.fullmatch(r"[A-Za-z0-9 _]*", text) is not None
    return (
        plain
        and digits <= _MAX_CODE_DIGITS
        and all(
            word.isdigit() or word in terms.CODE_WORDS or word.rstrip("0123456789") in terms.CODE_WORDS
            for word in words
        )
    )


def _pointer(value: object, vr: str) -> object:
    return value


_PLAIN: Mapping[str, Callable[[object, str], object]] = {
    **dict.fromkeys(("DS", "IS", "FL", "FD", "US", "SS", "UL", "SL", "UV", "SV"), _numbers),
    "CS": _codes,
    "AT": _pointer,
}


def _plain_text(keyword: str, value: object) -> object:
    items = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    texts = [_text(item) for item in items]
    if keyword in terms.AS_IN_SIDECAR:
        kept = [text for text in texts if text and sidecar.is_allowed(terms.AS_IN_SIDECAR[keyword], text)]
        return kept[0] if len(kept) == 1 else kept or None
    if keyword in terms.TEXTS:
        return texts[0] if len(texts) == 1 and texts[0] in terms.TEXTS[keyword] else None
    if keyword == "StackID":
        return texts[0] if len(texts) == 1 and re.fullmatch(r"\d{1,2}", texts[0]) else None
    return None


def _known_words(value: object, words: str) -> str | None:
    """Return the words of a text that are known, in their order; digits only where they belong to a word."""
    known = frozenset(words.split())
    kept = [
        word
        for word in re.split(r"[^A-Za-z0-9]+", _text(value))
        if _WORD.search(word)
        and (word.casefold() in known or word.casefold().rstrip("0123456789") in known)
        and sum(map(str.isdigit, word)) < _MAX_CODE_DIGITS
    ]
    return " ".join(kept)[:64].strip() or None


def _place(item: Dataset) -> Dataset | None:
    code = _text(item.get("CodingSchemeDesignator", "")), _text(item.get("CodeValue", ""))
    if code not in terms.CODES:
        return None
    place = Dataset()
    place.CodingSchemeDesignator, place.CodeValue = code
    place.CodeMeaning = terms.CODES[code]
    return place


def _add_private(result: Dataset, data: Dataset) -> None:
    """Copy the private tags that are known to be safe, with their creators."""
    for creator, elements in terms.SAFE_PRIVATE.items():
        for (group, offset), vr in elements.items():
            try:
                block = data.private_block(group, creator)
                value = _numbers(block[offset].value, vr) if offset in block else None
            except Exception:  # noqa: S112  (no such block, or unreadable)
                continue
            if value is not None and vr == block[offset].VR:
                result.private_block(group, creator, create=True).add_new(offset, vr, value)


def _text(value: object) -> str:
    return str("" if value is None else value).strip().rstrip("\0").strip()
