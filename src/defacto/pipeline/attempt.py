"""One attempt on one scan: from the volume in memory to the files and the record of the attempt."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from defacto import __version__, anatomy, deface, qc, render
from defacto.anatomy.begin import Begun
from defacto.anatomy.network import Segmentation
from defacto.config import DefaceSettings, Settings
from defacto.errors import DefactoError, StepError
from defacto.pipeline.clock import Clock
from defacto.pipeline.evidence import LARGE_OF, Evidence, Examined, put_in_place
from defacto.pipeline.sources import Opened, sentence
from defacto.privacy import header
from defacto.qc.choose import AUTO, choose
from defacto.qc.classify import DATA
from defacto.types import Attempt, Decision, Grid, Looks, Outcome, Picture, Prediction, Reason, Removal, Scan

VIEWS = ("left", "right", "front")
LARGE_PX = 600
"""Rows and columns of the views that are kept large."""


@dataclass(eq=False)
class Bench:
    """A scan on the bench: what attempts on it share.

    Parameters
    ----------
    opened : Opened
        The original and its cleaned sidecar.
    settings : Settings
        Of the run.
    begun : Begun, optional
        The registration of the first attempt, where it was begun already.
    network : Path
        Folder of the classifier.
    """

    opened: Opened
    settings: Settings
    begun: Begun | None = None
    network: Path = DATA
    _contexts: dict[tuple[Any, ...], anatomy.Context] = field(default_factory=dict)
    _seen: Segmentation | None = None

    def context(self, parameters: DefaceSettings) -> anatomy.Context:
        """Return where brain and features are; found once for the same rung, bias correction and fraction."""
        key = (parameters.rung, parameters.bias_correction, parameters.fraction)
        if key not in self._contexts:
            self._contexts.clear()
            once: dict[str, Any] = {} if self.begun is None else {"begun": self.begun}
            if self._seen is not None:
                once["seen"] = self._seen
            self.begun = None
            context = self._contexts[key] = anatomy.locate(
                self.opened.scan,
                self.settings.anatomy,
                rung=parameters.rung,
                bias_correction=parameters.bias_correction,
                fraction=parameters.fraction,
                **once,
            )
            self._seen = context.seen
        return self._contexts[key]


def examine(bench: Bench, parameters: DefaceSettings, clock: Clock, *, draw: bool = True) -> Examined:
    """Deface, measure and decide, in memory.

    Parameters
    ----------
    bench : Bench
        The scan.
    parameters : DefaceSettings
        Of this attempt.
    clock : Clock
        Takes the time.
    draw : bool
        Whether to make the pictures, and to ask the classifier what it sees in them.

    Raises
    ------
    StepError
        If a step could not be done.
    SettingsError
        If there is no such method.
    """
    if parameters.method == AUTO:
        return choose(
            lambda name: examine(bench, replace(parameters, method=name), clock, draw=draw), bench.settings
        )
    scan = bench.opened.scan
    method = deface.find(parameters.method)
    with clock.step("locate"):
        context = bench.context(parameters)
    with clock.step("deface"):
        removal = method.removal(scan, context, parameters)
        result = header.clean(deface.apply(scan, removal))
    pictures: dict[str, Picture] = {}
    prediction = looks = None
    if draw:
        with clock.step("render"):
            pictures, looks = _draw(result, removal, context.upright)
        with clock.step("classify"):
            prediction, pictures["class_maps"] = classify(
                looks, bench.network, ears=bench.settings.deface.ears
            )
    with clock.step("measure"):
        measures = qc.measure(scan, result, removal, context)
        decision = qc.decide(measures, bench.settings, prediction)
    return Examined(result, removal, measures, decision, prediction, pictures, looks)


def _version_of(name: str) -> str:
    return __version__ if name == AUTO else deface.find(name).version


def _draw(result: Scan, removal: Removal, upright: Grid) -> tuple[dict[str, Picture], Looks]:
    head = render.find_head(result.volume, upright)
    views = render.surface_views(result.volume, upright, head)
    pictures = {f"render_{view}": views[view] for view in VIEWS}
    sides = [view for view in VIEWS if f"render_{view}" in LARGE_OF]
    large = render.surface_views(result.volume, upright, head, size=LARGE_PX, views=sides)
    pictures |= {LARGE_OF[f"render_{view}"]: large[view] for view in sides}
    pictures["slices"] = render.slices(result.volume, upright, removal=removal.mask)
    return pictures, render.look(result.volume, upright, head)


def classify(looks: Looks, network: Path = DATA, *, ears: bool) -> tuple[Prediction, Picture]:
    """Return what the classifier says, and a picture of what speaks for each outcome and feature."""
    classifier = qc.RenderClassifier(folder=network)
    (prediction,) = classifier.predict([looks], ears=ears)
    maps = classifier.explain(looks, ears=ears)
    answers = {outcome.value: (p, maps[outcome]) for outcome, p in prediction.p_outcome.items()}
    answers |= {
        feature.replace("_", " "): (p, maps[feature])
        for feature, p in prediction.p_feature.items()
        if p >= 0.5 and (ears or not feature.is_ear)
    }
    rows = {f"{name}  {p:.2f}": (each.views, each.slice) for name, (p, each) in answers.items()}
    return prediction, render.draw_heat(looks, rows)


def run_attempt(
    bench: Bench,
    number: int,
    parameters: DefaceSettings,
    folder: Path,
    out: Path,
    *,
    keeps_volume: Callable[[Decision], bool] = lambda decision: True,
) -> Attempt:
    """Make an attempt and put its files in place, all at once.

    Parameters
    ----------
    bench : Bench
        The scan.
    number : int
        Of the attempt.
    parameters : DefaceSettings
        Of the attempt.
    folder : Path
        Where its files go. What an unfinished attempt left there is replaced.
    out : Path
        Folder of the run; the paths of the record are relative to it.
    keeps_volume : callable
        Whether the defaced volume is kept: not where another attempt follows at once.

    Returns
    -------
    Attempt
        A step that could not be done is in it as a failure.
    """
    clock = Clock()
    if parameters.method != AUTO:
        deface.find(parameters.method)
    examined, error = None, None
    try:
        examined = examine(bench, parameters, clock)
    except StepError as raised:
        error = sentence(raised)
    attempt = Attempt(
        number=number,
        method=examined.removal.method if examined else parameters.method,
        version=examined.removal.version if examined else _version_of(parameters.method),
        parameters=json.loads(json.dumps(asdict(parameters))),
        measures=examined.measures if examined else {},
        decision=examined.decision if examined else Decision(Outcome.FAILURE, (Reason(error or ""),)),
        prediction=examined.prediction if examined else None,
        error=error,
    )
    evidence = Evidence(bench.opened.sidecar, examined)
    keeps = examined is not None and keeps_volume(examined.decision)
    return put_in_place(attempt, evidence, folder, out, clock, keeps_volume=keeps)


def refuse(number: int, error: DefactoError, folder: Path, out: Path, parameters: DefaceSettings) -> Attempt:
    """Put on record that an input cannot be used."""
    said = sentence(error)
    attempt = Attempt(
        number=number,
        method=parameters.method,
        version=__version__,
        parameters=json.loads(json.dumps(asdict(parameters))),
        measures={},
        decision=Decision(None, (Reason(said),), sure=False),
        error=said,
    )
    return put_in_place(attempt, Evidence(), folder, out, Clock())
