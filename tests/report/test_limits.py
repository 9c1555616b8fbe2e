import math

from hypothesis import given
from hypothesis import strategies as st

from defacto.config import Settings
from defacto.report.limits import Check, limits, nearness
from defacto.report.plots import BULLET_WIDTH, LANE, WIDTH, bullet, strips
from defacto.report.scale import Scale, scale_for
from defacto.report.view import ScanView
from defacto.types import Attempt, Decision, Measure, Outcome, Reason, State

values = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True))
limit_values = st.one_of(st.none(), st.floats(-1e6, 1e6))


def scan(i: int, value: float | None, unit: str = "ml", lower: bool = True) -> ScanView:
    measures = {"m": Measure("m", value, unit, lower)}
    decision = Decision(Outcome.PASS, (Reason("It is."),))
    return ScanView(f"sub-{i}", State.VERIFY, (Attempt(1, "t", "1", {}, measures, decision),))


@given(values, limit_values, st.booleans())
def test_unknown_is_never_within(value, limit, lower):
    check = Check(Measure("m", value, "ml", lower), limit)
    if value is None or not math.isfinite(value):
        assert check.verdict == "unknown"
    elif limit is None:
        assert check.verdict == "no limit"
    else:
        assert (check.verdict == "beyond") == (value > limit if lower else value < limit)


@given(values, limit_values, st.booleans(), st.sampled_from(["ml", "share"]))
def test_a_bullet_stays_on_its_bar(value, limit, lower, unit):
    drawn = bullet(Check(Measure("m", value, unit, lower), limit))
    for place in (drawn.value_x, drawn.limit_x, drawn.good_from, drawn.good_to):
        assert place is None or 0 <= place <= BULLET_WIDTH


@given(st.lists(values, max_size=60), limit_values, st.booleans(), st.sampled_from(["ml", "share", "mm"]))
def test_a_strip_holds_every_known_scan(found, limit, lower, unit):
    plots = strips(
        [scan(i, v, unit, lower) for i, v in enumerate(found)], ["m"], {} if limit is None else {"m": limit}
    )
    if not found:
        assert plots == []
        return
    plot = plots[0]
    finite = [v for v in found if v is not None and math.isfinite(v)]
    assert (plot.known, plot.unknown) == (len(finite), len(found) - len(finite))
    if not plot.bars:
        assert len(plot.dots) == len(finite)
    for dot in plot.dots:
        assert 0 <= dot.x <= WIDTH + 0.01
        assert 0 <= dot.y <= LANE + 20
    for bar in plot.bars:
        assert bar.beyond <= bar.height + 1e-9 <= LANE + 1


@given(
    st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20), limit_values, st.sampled_from(["ml", "share"])
)
def test_an_axis_holds_its_values_in_order(found, limit, unit):
    scale = scale_for(found, limit, unit, 100.0)
    places = [scale.at(value) for value in sorted(found)]
    assert places == sorted(places)
    assert all(0 <= place <= 100 for place in places)
    assert len(scale.ticks()) <= 30


def test_ticks_are_round():
    assert Scale(0, 1, 100).ticks() == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert Scale(0, 60, 100, bend=0.1).ticks() == [0, 0.1, 1, 10]


def test_limits_come_from_the_settings_else_from_the_reasons():
    reasons = (Reason("Too far.", "own", 3.0, 2.0),)
    measures = {n: Measure(n, 1.0, "ml") for n in ("brain_lost_ml", "left_eye_left", "own", "removed_ml")}
    attempt = Attempt(1, "t", "1", {}, measures, Decision(Outcome.DEEP, reasons))
    assert limits([attempt], Settings()) == {"brain_lost_ml": 0.0, "left_eye_left": 0.1, "own": 2.0}


@given(st.floats(0, 100), st.floats(0, 100))
def test_a_worse_value_is_nearer_to_the_limit(a, b):
    a, b = sorted((a, b))
    near = [nearness({"m": Measure("m", v, "ml")}, {"m": 2.0}) for v in (a, b)]
    assert near[0] <= near[1]
    assert nearness({"m": Measure("m", None, "ml")}, {"m": 2.0}) == math.inf
