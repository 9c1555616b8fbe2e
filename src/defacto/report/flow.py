"""Where every scan went: counted from the input over the attempts to the final states, and laid out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from defacto.report.view import ScanView, conclusion
from defacto.report.words import NOT_SURE, OUTCOME_MEANING, STATE_MEANING, STATE_ORDER, STATE_WORD, count
from defacto.types import State

_PASSING = "~"
_EARLY = (State.CLEARED, State.VERIFY)
_RANK = (
    "found",
    *(_PASSING + state.value for state in _EARLY),
    "pass",
    "shallow",
    "deep",
    "failure",
    NOT_SURE,
    *(_PASSING + state.value for state in STATE_ORDER if state not in _EARLY),
    *("=" + state.value for state in STATE_ORDER),
)


def path_of(scan: ScanView, rounds: int) -> tuple[str, ...]:
    """Return the stations of a scan: ``found``, one for each round, the final state.

    A round without an attempt holds ``~`` and the final state: the scan passes by.
    """
    return path([conclusion(attempt) for attempt in scan.attempts], scan.state, rounds)


def path(conclusions: Sequence[str], state: State, rounds: int) -> tuple[str, ...]:
    """Return the stations of a scan by the machine's words on its attempts; see `path_of`."""
    stations = conclusions[:rounds]
    by = [_PASSING + state.value] * (rounds - len(stations))
    return ("found", *stations, *by, "=" + state.value)


@dataclass(frozen=True)
class Flow:
    """Counted ways of the scans.

    Parameters
    ----------
    columns : tuple of str
        Titles from left to right.
    nodes : tuple of dict
        For each column, scans at each station, in the order drawn.
    links : tuple of dict
        For each gap between columns, scans from station to station, in the order drawn.
    """

    columns: tuple[str, ...]
    nodes: tuple[dict[str, int], ...]
    links: tuple[dict[tuple[str, str], int], ...]


def flow_of(scans: Sequence[ScanView], rounds: int) -> Flow:
    """Count where every scan went."""
    return flow_of_paths(Counter(path_of(scan, rounds) for scan in scans), rounds)


def flow_of_paths(paths: Mapping[tuple[str, ...], int], rounds: int) -> Flow:
    """Return the flow of scans whose paths were counted."""
    columns = ("Found", *(f"Attempt {i + 1}" for i in range(rounds)), "Now")
    nodes: list[Counter[str]] = [Counter() for _ in columns]
    links: list[Counter[tuple[str, str]]] = [Counter() for _ in columns[1:]]
    for path, amount in paths.items():
        for column, station in enumerate(path):
            nodes[column][station] += amount
        for gap, pair in enumerate(pairwise(path)):
            links[gap][pair] += amount
    return Flow(
        columns,
        tuple({key: column[key] for key in sorted(column, key=_rank)} for column in nodes),
        tuple(
            {pair: gap[pair] for pair in sorted(gap, key=lambda p: (_rank(p[0]), _rank(p[1])))}
            for gap in links
        ),
    )


def _rank(station: str) -> tuple[int, str]:
    return (_RANK.index(station), "") if station in _RANK else (len(_RANK), station)


@dataclass(frozen=True)
class Block:
    """A station as drawn."""

    x: float
    y: float
    width: float
    height: float
    amount: int
    word: str
    hint: str
    kind: str
    state: str | None
    passing: bool


@dataclass(frozen=True)
class Ribbon:
    """A flow as drawn: an SVG path, with what it says."""

    path: str
    kind: str
    hint: str


@dataclass(frozen=True)
class Sankey:
    """The picture of a flow, ready to be drawn."""

    width: float
    height: float
    titles: tuple[tuple[float, str], ...]
    blocks: tuple[Block, ...]
    ribbons: tuple[Ribbon, ...]
    sentence: str


_WIDTH, _BLOCK, _TOP, _GAP = 1080.0, 132.0, 34.0, 12.0
_LEAST_BLOCK, _LEAST_RIBBON, _TALLEST, _THICKEST = 30.0, 1.5, 330.0, 26.0


def draw_flow(flow: Flow) -> Sankey:
    """Lay a flow out; every station is high enough for its label, so that labels never overlap."""
    total = max(1, sum(flow.nodes[0].values()))
    scale = min(_THICKEST, _TALLEST / total)
    step = min(330.0, (_WIDTH - _BLOCK) / max(1, len(flow.columns) - 1))
    blocks = [_column(flow, c, c * step, scale) for c in range(len(flow.columns))]
    ribbons = [r for gap in range(len(flow.links)) for r in _ribbons(flow, gap, blocks, scale)]
    every = [block for column in blocks for block in column.values()]
    return Sankey(
        width=(len(flow.columns) - 1) * step + _BLOCK,
        height=max((b.y + b.height for b in every), default=_TOP) + 2,
        titles=tuple((c * step, title) for c, title in enumerate(flow.columns)),
        blocks=tuple(every),
        ribbons=tuple(ribbons),
        sentence=_sentence(flow),
    )


def _thick(amount: int, scale: float) -> float:
    return max(_LEAST_RIBBON, amount * scale)


def _span(flow: Flow, column: int, station: str, scale: float) -> float:
    sides = [0.0]
    if column > 0:
        sides.append(sum(_thick(n, scale) for (_, to), n in flow.links[column - 1].items() if to == station))
    if column < len(flow.links):
        sides.append(sum(_thick(n, scale) for (at, _), n in flow.links[column].items() if at == station))
    return max(sides)


def _column(flow: Flow, column: int, x: float, scale: float) -> dict[str, Block]:
    blocks: dict[str, Block] = {}
    y = _TOP
    for station, amount in flow.nodes[column].items():
        passing = station.startswith(_PASSING)
        height = _span(flow, column, station, scale)
        height = height if passing else max(_LEAST_BLOCK, height)
        word, hint = _words(station)
        blocks[station] = Block(
            x=x,
            y=y,
            width=_BLOCK,
            height=height,
            amount=amount,
            word=word,
            hint=f"{count(amount, 'scan')} {word}. {hint}".strip(),
            kind=_kind(station),
            state=station[1:] if station.startswith("=") else None,
            passing=passing,
        )
        y += height + _GAP
    return blocks


def _ribbons(flow: Flow, gap: int, blocks: list[dict[str, Block]], scale: float) -> list[Ribbon]:
    left, right = blocks[gap], blocks[gap + 1]
    ports_in: dict[tuple[str, str], float] = {}
    for station, block in right.items():
        pairs = [pair for pair in flow.links[gap] if pair[1] == station]
        y = block.y + (block.height - sum(_thick(flow.links[gap][p], scale) for p in pairs)) / 2
        for pair in pairs:
            ports_in[pair] = y
            y += _thick(flow.links[gap][pair], scale)
    found = []
    for station, block in left.items():
        pairs = [pair for pair in flow.links[gap] if pair[0] == station]
        y = block.y + (block.height - sum(_thick(flow.links[gap][p], scale) for p in pairs)) / 2
        for pair in pairs:
            amount = flow.links[gap][pair]
            thick = _thick(amount, scale)
            found.append(_ribbon(block, right[pair[1]], (y, ports_in[pair]), thick, amount))
            y += thick
    return found


def _ribbon(left: Block, right: Block, ys: tuple[float, float], thick: float, amount: int) -> Ribbon:
    y0, y1 = ys
    x0 = left.x if left.passing else left.x + left.width
    edge, x1 = left.x + left.width, right.x
    middle = (edge + x1) / 2
    start = f"M{x0:.1f},{y0:.1f}H{edge:.1f}"
    there = f"C{middle:.1f},{y0:.1f} {middle:.1f},{y1:.1f} {x1:.1f},{y1:.1f}v{thick:.1f}"
    back = f"C{middle:.1f},{y1 + thick:.1f} {middle:.1f},{y0 + thick:.1f} {edge:.1f},{y0 + thick:.1f}"
    kind = left.kind if left.kind != "found" else right.kind
    hint = f"{count(amount, 'scan')}: {left.word} → {right.word}"
    return Ribbon(f"{start}{there}{back}H{x0:.1f}Z", kind, hint)


def _words(station: str) -> tuple[str, str]:
    if station == "found":
        return "found", ""
    if station[0] in "~=":
        state = State(station[1:])
        return STATE_WORD[state], STATE_MEANING[state]
    return station, OUTCOME_MEANING.get(station, "")


def _kind(station: str) -> str:
    return station.lstrip("~=").replace(" ", "-")


def _sentence(flow: Flow) -> str:
    """Return the picture in words, for readers who do not see it."""
    parts = []
    for title, nodes in zip(flow.columns, flow.nodes, strict=True):
        real = [f"{n:,} {_words(s)[0]}" for s, n in nodes.items() if not s.startswith(_PASSING)]
        parts.append(f"{title}: {', '.join(real) or 'none'}")
    return ". ".join(parts) + "."
