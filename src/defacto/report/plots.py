"""Plots as plain geometry: the spread of a measure over the study, and one value against its limit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from defacto.report.limits import Check
from defacto.report.scale import Scale, scale_for
from defacto.report.view import ScanView
from defacto.report.words import count, feature_of, number

WIDTH, LANE, DOT, BINS = 640.0, 46.0, 6.4, 100
_WORST = 6


@dataclass(frozen=True)
class Dot:
    """One scan, as a link to its page."""

    x: float
    y: float
    href: str
    hint: str
    beyond: bool


@dataclass(frozen=True)
class Bar:
    """Scans of about the same value."""

    x: float
    width: float
    height: float
    beyond: float
    hint: str


@dataclass(frozen=True)
class Tick:
    """A round value on the axis."""

    x: float
    text: str


@dataclass(frozen=True)
class Strip:
    """The spread of one measure over all scans.

    Parameters
    ----------
    dots : tuple of Dot
        All scans where they fit; else, below the axis, those beyond the limit and the most extreme ones.
    bars : tuple of Bar
        Where dots for all do not fit: all scans, counted.
    """

    check: Check
    sentence: str
    ticks: tuple[Tick, ...]
    limit_x: float | None
    dots: tuple[Dot, ...]
    bars: tuple[Bar, ...]
    apart: bool
    known: int
    beyond: int
    unknown: int
    constant: bool

    @property
    def feature(self) -> bool:
        """Whether it is the visible share of a feature."""
        return feature_of(self.check.measure.name) is not None


def strips(scans: Sequence[ScanView], names: Sequence[str], limit_of: Mapping[str, float]) -> list[Strip]:
    """Return the spread of each measure over the last attempts, the judged measures first."""
    found = []
    for name in names:
        rows = [
            (scan, Check(scan.measures[name], limit_of.get(name))) for scan in scans if name in scan.measures
        ]
        if rows:
            found.append(_strip(rows))
    return sorted(
        found, key=lambda strip: (strip.check.limit is None, feature_of(strip.check.measure.name) is not None)
    )


def _strip(rows: list[tuple[ScanView, Check]]) -> Strip:
    known = [(scan, check) for scan, check in rows if check.value is not None]
    check = rows[0][1]
    values = [c.value for _, c in known if c.value is not None]
    scale = scale_for(values, check.limit, check.measure.unit, WIDTH)
    bins = _binned(known, scale)
    fits = max((len(each) for each in bins.values()), default=0) * DOT <= LANE
    beyond = sum(c.verdict == "beyond" for _, c in known)
    return Strip(
        check=check,
        sentence=_sentence(check, values, beyond, len(rows) - len(known)),
        ticks=tuple(Tick(scale.at(t), number(t, check.measure.unit)) for t in scale.ticks()),
        limit_x=None if check.limit is None else scale.at(check.limit),
        dots=_stack(bins, scale) if fits else _apart(known, scale),
        bars=() if fits else _bars(bins),
        apart=not fits,
        known=len(known),
        beyond=beyond,
        unknown=len(rows) - len(known),
        constant=len(set(values)) <= 1,
    )


def _binned(known: list[tuple[ScanView, Check]], scale: Scale) -> dict[int, list[tuple[ScanView, Check]]]:
    bins: dict[int, list[tuple[ScanView, Check]]] = defaultdict(list)
    for scan, check in known:
        bins[min(BINS - 1, int(scale.at(check.value or 0.0) / WIDTH * BINS))].append((scan, check))
    return {place: bins[place] for place in sorted(bins)}


def _stack(bins: Mapping[int, list[tuple[ScanView, Check]]], scale: Scale) -> tuple[Dot, ...]:
    dots = []
    for place, members in bins.items():
        ordered = sorted(members, key=lambda each: each[1].verdict == "beyond")
        for level, (scan, check) in enumerate(ordered):
            x = scale.at(check.value or 0.0) if len(members) == 1 else (place + 0.5) * WIDTH / BINS
            dots.append(_dot(scan, check, x, LANE - DOT * (level + 0.5)))
    return tuple(dots)


def _apart(known: list[tuple[ScanView, Check]], scale: Scale) -> tuple[Dot, ...]:
    """Return the scans worth a look, two deep below the axis: beyond the limit, or at the wrong end."""
    sign = 1 if known[0][1].measure.lower_is_better else -1
    ordered = sorted(known, key=lambda each: -sign * (each[1].value or 0.0))
    best = sign * (ordered[-1][1].value or 0.0)
    worth = [e for i, e in enumerate(ordered) if e[1].verdict == "beyond" or i < _WORST]
    levels: dict[int, int] = defaultdict(int)
    dots = []
    for scan, check in worth:
        if sign * (check.value or 0.0) == best:
            continue
        x = scale.at(check.value or 0.0)
        place = int(x / DOT)
        if levels[place] < 2:
            dots.append(_dot(scan, check, (place + 0.5) * DOT, LANE + 6 + DOT * levels[place]))
            levels[place] += 1
    return tuple(dots)


def _dot(scan: ScanView, check: Check, x: float, y: float) -> Dot:
    return Dot(min(x, WIDTH), y, scan.href, f"{scan.name}: {check.shown}", check.verdict == "beyond")


def _bars(bins: Mapping[int, list[tuple[ScanView, Check]]]) -> tuple[Bar, ...]:
    most = max(len(members) for members in bins.values())
    step = WIDTH / BINS
    bars = []
    for place, members in bins.items():
        height = max(1.0, LANE * len(members) / most)
        bad = sum(check.verdict == "beyond" for _, check in members)
        values = [check.value or 0.0 for _, check in members]
        unit = members[0][1].measure.unit
        low, high = number(min(values), unit), number(max(values), unit)
        span = low if low == high else f"{low} to {high}"
        hint = f"{len(members):,} scan{'s' * (len(members) != 1)}: {span}"
        bars.append(Bar(place * step, step - 1, height, height * bad / len(members), hint))
    return tuple(bars)


def _sentence(check: Check, values: list[float], beyond: int, unknown: int) -> str:
    unit = check.measure.unit
    if not values:
        return "It could not be measured on any scan."
    if len(set(values)) == 1:
        parts = [f"{number(values[0], unit)} in {count(len(values), 'scan')}"]
        parts += [] if check.limit is None else [f"{check.verdict} the limit ({check.shown_limit})"]
        return "; ".join([*parts, *([f"{unknown:,} unknown"] if unknown else [])]) + "."
    parts = [f"median {number(median(values), unit)}"]
    worst = max(values) if check.measure.lower_is_better else min(values)
    parts.append(f"{'highest' if check.measure.lower_is_better else 'lowest'} {number(worst, unit)}")
    if check.limit is not None:
        parts.append(f"{beyond:,} of {len(values):,} beyond the limit ({check.shown_limit})")
    if unknown:
        parts.append(f"{unknown:,} unknown")
    text = "; ".join(parts)
    return text[0].upper() + text[1:] + "."


@dataclass(frozen=True)
class Bullet:
    """One value against its limit, on a bar."""

    check: Check
    value_x: float | None
    limit_x: float | None
    good_from: float
    good_to: float


BULLET_WIDTH = 220.0


def bullet(check: Check) -> Bullet:
    """Lay out one value against its limit."""
    lower, limit = check.measure.lower_is_better, check.limit
    high = max(1.25 * (check.value or 0.0), 1.6 * (limit or 0.0), 0.0) or 1.0
    low = min(1.25 * (check.value or 0.0), 1.6 * (limit or 0.0), 0.0)
    share = check.measure.unit == "share" and 0 <= (check.value or 0) <= 1
    scale = Scale(0.0, 1.0, BULLET_WIDTH) if share else Scale(low, high, BULLET_WIDTH)
    limit_x = None if limit is None else scale.at(limit)
    good = (0.0, 0.0) if limit_x is None else (0.0, limit_x) if lower else (limit_x, BULLET_WIDTH)
    return Bullet(check, None if check.value is None else scale.at(check.value), limit_x, *good)


def bullets(checks: Sequence[Check]) -> list[Bullet]:
    """Lay out all values against their limits."""
    return [bullet(check) for check in checks]
