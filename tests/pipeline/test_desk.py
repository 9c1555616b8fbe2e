"""The desk on the store: leases, answers, undoing, and the table of where scans stand."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from attempts_made_up import PREDICTION, SCAN, make_attempt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from defacto.config import DefaceSettings, QcSettings, ReviewSettings, Settings
from defacto.errors import StoreError
from defacto.pipeline import standings, tally
from defacto.pipeline.database import open_engine, reading, sqlite_url, writing
from defacto.pipeline.desk import Answer, Desk
from defacto.pipeline.desk_tables import STANDING, TALLY
from defacto.pipeline.queue import LEASE_S, Reader
from defacto.pipeline.records import Mark
from defacto.pipeline.state import ORDER, Queue, lot, standing_of_record
from defacto.pipeline.store import Store
from defacto.types import Feature, Mode, Outcome, Review, State

MARK = Mark("f" * 64, "s" * 64)
ADA, BO, CY = Reader("Ada"), Reader("Bo"), Reader("Cy")
NAMES = [f"sub-{n:02}_T1w" for n in range(6)]


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def make_desk(store, *, sure=True, outcome=Outcome.PASS, names=NAMES):
    store.add_scans([replace(SCAN, name=name, subject=name[4:6]) for name in names])
    for place, name in enumerate(names):
        prediction = replace(PREDICTION, p_outcome={Outcome.PASS: (place + 1) / 10})
        attempt = replace(make_attempt(1, outcome, sure=sure), prediction=prediction)
        store.add_attempt(name, attempt, MARK)
    return Desk(store, Clock())


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path, monkeypatch):
    if request.param == "postgresql":
        monkeypatch.setenv("DEFACTO_STORE", request.getfixturevalue("postgres_url"))
    made = Store.create(tmp_path, run="run-1")
    yield made
    made.engine.dispose()


def answer(case, outcome, key, **more):
    return Answer(case.token, Review(case.number, outcome, "", **{"mode": Mode.MANUAL} | more), key)


def names_of(desk, cases):
    return [desk.find(case.token).scan.name for case in cases]


def state(store, name):
    return standing_of_record(store.record(name), store.settings).state


def check_kept(store):
    """Compare the kept table and sums with what all records say."""
    with reading(store.engine) as connection:
        kept = {row["name"]: dict(row) for row in connection.execute(select(STANDING)).mappings()}
        query = select(TALLY.c.what, func.sum(TALLY.c.amount)).group_by(TALLY.c.what)
        sums = {what: amount for what, amount in connection.execute(query) if abs(amount) > 1e-9}
    wanted = {r.scan.name: standings.standing_row(r, store.settings) for r in store.records()}
    assert {name: {k: v for k, v in row.items() if k != "token"} for name, row in kept.items()} == wanted
    fresh = Counter()
    for row in wanted.values():
        fresh.update(row["counted"])
    assert sums == pytest.approx(fresh)


def test_the_most_doubtful_comes_first(store):
    desk = make_desk(store)
    assert names_of(desk, desk.take(ADA, Queue.VERIFY, 3)) == NAMES[:3]


def test_two_readers_never_have_the_same_scan(store):
    desk = make_desk(store)
    first, second = desk.take(ADA, Queue.VERIFY, 4), desk.take(BO, Queue.VERIFY, 4)
    assert len({case.token for case in first + second}) == 6
    assert desk.take(ADA, Queue.VERIFY, 4) == first


def test_many_readers_at_once_share_the_queue_without_overlap(store):
    desk = make_desk(store)
    readers = [Reader(f"r{n}") for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(lambda reader: desk.take(reader, Queue.VERIFY, 1), readers))
    assert sorted(case.token for cases in taken for case in cases) == sorted(
        {case.token for cases in taken for case in cases}
    )
    assert sum(map(len, taken)) == 6


def test_a_lease_ends(store):
    desk = make_desk(store, names=NAMES[:1])
    (case,) = desk.take(ADA, Queue.VERIFY)
    assert desk.take(BO, Queue.VERIFY) == []
    desk._clock.now += LEASE_S
    assert desk.take(BO, Queue.VERIFY) == [case]
    assert desk.take(ADA, Queue.VERIFY) == []


def test_a_reader_of_a_site_gets_its_scans_only(store):
    store.settings = Settings(review=ReviewSettings(site_characters=2))
    desk = make_desk(store)
    assert names_of(desk, desk.take(Reader("Ada", "03"), Queue.VERIFY, 9)) == [NAMES[3]]


def test_an_answer_counts_once_and_moves_the_scan(store):
    desk = make_desk(store, sure=False)
    (case,) = desk.take(ADA, Queue.MANUAL)
    seen = answer(case, Outcome.SHALLOW, "k1", features=(Feature.NOSE,), note="Tip.", seconds=2.5)
    first, again = desk.answer(ADA, [seen]), desk.answer(ADA, [seen])
    assert [(r.refused, r.repeated) for r in first + again] == [(None, False), (None, True)]
    review = Review(1, Outcome.SHALLOW, "Ada", "Tip.", Mode.MANUAL, (Feature.NOSE,), 2.5)
    assert store.reviews(NAMES[0]) == (review,)
    assert state(store, NAMES[0]) is State.RETRY
    assert case not in desk.take(BO, Queue.MANUAL, 9)
    check_kept(store)


def test_the_same_answer_sent_at_once_counts_once(store):
    desk = make_desk(store, sure=False)
    (case,) = desk.take(ADA, Queue.MANUAL)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: desk.answer(ADA, [answer(case, Outcome.DEEP, "k")]), range(8)))
    assert sorted(each[0].repeated for each in done) == [False] + 7 * [True]
    assert len(store.reviews(NAMES[0])) == 1


def test_answers_of_many_at_once_are_all_kept(store):
    desk = make_desk(store, sure=False)
    (case,) = desk.take(ADA, Queue.MANUAL)
    readers = [Reader(f"r{n}") for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda r: desk.answer(r, [answer(case, Outcome.DEEP, "k")]), readers))
    assert len(store.reviews(NAMES[0])) == 8
    check_kept(store)


def test_an_answer_on_an_older_attempt_is_refused(store):
    desk = make_desk(store, sure=False)
    (case,) = desk.take(ADA, Queue.MANUAL)
    store.add_attempt(NAMES[0], make_attempt(2, None, sure=False), MARK)
    (received,) = desk.answer(ADA, [answer(case, Outcome.PASS, "k1")])
    assert "Another attempt" in received.refused
    assert store.reviews(NAMES[0]) == ()


def test_nothing_is_passed_that_left_no_volume(store):
    store.add_scans([SCAN])
    store.add_attempt(SCAN.name, make_attempt(1, None, sure=False, volume=False), MARK)
    desk = Desk(store)
    (case,) = desk.take(ADA, Queue.MANUAL)
    assert not case.may_pass
    (received,) = desk.answer(ADA, [answer(case, Outcome.PASS, "k1")])
    assert "no volume" in received.refused


def test_a_page_is_verified_flagged_and_undone(store):
    desk = make_desk(store)
    cases = desk.take(ADA, Queue.VERIFY, 4)
    said = [None, Outcome.PASS, Outcome.PASS, Outcome.PASS]
    desk.answer(
        ADA,
        [
            answer(c, o, f"p:{n}", mode=Mode.VERIFICATION)
            for n, (c, o) in enumerate(zip(cases, said, strict=True))
        ],
    )
    assert [state(store, name) for name in NAMES[:4]] == [State.MANUAL] + 3 * [State.CLEARED]
    assert names_of(desk, desk.take(BO, Queue.MANUAL, 9)) == NAMES[:1]
    check_kept(store)
    assert desk.undo(ADA, "p", "u") == [case.token for case in cases]
    assert desk.undo(ADA, "p", "u") == [case.token for case in cases]
    assert {state(store, name) for name in NAMES[:4]} == {State.VERIFY}
    assert desk.take(ADA, Queue.VERIFY, 4) == cases
    check_kept(store)


def test_what_is_undone_may_be_answered_anew(store):
    desk = make_desk(store, sure=False)
    (case,) = desk.take(ADA, Queue.MANUAL)
    desk.answer(ADA, [answer(case, Outcome.DEEP, "k1")])
    desk.undo(ADA, "k1", "u1")
    assert desk.take(ADA, Queue.MANUAL) == [case]
    desk.answer(ADA, [answer(case, Outcome.PASS, "k2")])
    assert state(store, NAMES[0]) is State.CLEARED


def test_nobody_undoes_the_answers_of_others_or_after_another_attempt(store):
    desk = make_desk(store, sure=False)
    (case,) = desk.take(ADA, Queue.MANUAL)
    desk.answer(ADA, [answer(case, Outcome.SHALLOW, "k1")])
    with pytest.raises(StoreError, match="no such answer"):
        desk.undo(BO, "k1", "u")
    store.add_attempt(NAMES[0], make_attempt(2), MARK)
    with pytest.raises(StoreError, match="Another attempt"):
        desk.undo(ADA, "k1", "u")


def test_what_was_skipped_comes_back_last(store):
    desk = make_desk(store, sure=False, names=NAMES[:2])
    first, second = desk.take(ADA, Queue.MANUAL, 2)
    desk.skip(ADA, first.token)
    assert desk.take(ADA, Queue.MANUAL) == [second]
    assert desk.take(BO, Queue.MANUAL) == [first]
    desk.skip(BO, first.token)
    desk.answer(ADA, [answer(second, Outcome.PASS, "k")])
    assert desk.take(ADA, Queue.MANUAL) == [first]


def test_a_flag_is_settled_by_a_closer_look(store):
    desk = make_desk(store, names=NAMES[:1])
    (case,) = desk.take(ADA, Queue.VERIFY)
    desk.answer(ADA, [answer(case, None, "k", mode=Mode.VERIFICATION)])
    (case,) = desk.take(ADA, Queue.MANUAL)
    desk.answer(ADA, [answer(case, Outcome.PASS, "k2")])
    assert state(store, NAMES[0]) is State.CLEARED


def test_two_readers_and_a_lead_where_they_do_not_agree(store):
    store.settings = Settings(review=ReviewSettings(double_share=1.0))
    desk = make_desk(store, sure=False, names=NAMES[:1])
    (case,) = desk.take(ADA, Queue.MANUAL)
    desk.answer(ADA, [answer(case, Outcome.PASS, "k")])
    assert state(store, NAMES[0]) is State.MANUAL
    assert desk.take(ADA, Queue.MANUAL) == []
    assert desk.take(BO, Queue.MANUAL) == [case]
    desk.answer(BO, [answer(case, Outcome.SHALLOW, "k")])
    assert desk.take(CY, Queue.MANUAL) == []
    assert desk.take(CY, Queue.LEAD) == [case]
    desk.answer(CY, [answer(case, Outcome.PASS, "k", mode=Mode.LEAD)])
    assert state(store, NAMES[0]) is State.CLEARED
    desk.answer(BO, [answer(case, Outcome.DEEP, "k3")])
    assert state(store, NAMES[0]) is State.MANUAL
    assert desk.totals()["readers", (("Ada", "pass"), ("Bo", "shallow"))] == 1
    check_kept(store)


def test_two_readers_of_one_mind_clear_a_verification(store):
    store.settings = Settings(review=ReviewSettings(double_share=1.0))
    desk = make_desk(store, names=NAMES[:1])
    for reader in (ADA, BO):
        (case,) = desk.take(reader, Queue.VERIFY)
        assert state(store, NAMES[0]) is State.VERIFY
        desk.answer(reader, [answer(case, Outcome.PASS, "k", mode=Mode.VERIFICATION)])
    assert state(store, NAMES[0]) is State.CLEARED


def test_the_share_of_double_reading_is_kept():
    share = sum(lot(f"sub-{n}_T1w") < 0.2 for n in range(5000)) / 5000
    assert share == pytest.approx(0.2, abs=0.02)


def test_another_attempt_is_asked_for(store):
    desk = make_desk(store, names=NAMES[:1])
    (case,) = desk.take(ADA, Queue.VERIFY)
    wish = {**vars(DefaceSettings()), "nudge_mm": [0.0, -7.0, 0.0]}
    for _ in range(2):
        record = desk.ask(ADA, case.token, 2, wish, "k")
    standing = standing_of_record(record, store.settings)
    assert (standing.state, standing.to_do) == (State.RETRY, True)
    assert record.asked.parameters["nudge_mm"] == [0.0, -7.0, 0.0]
    check_kept(store)
    store.add_attempt(NAMES[0], make_attempt(2), MARK)
    assert store.record(NAMES[0]).asked is None
    with pytest.raises(StoreError, match="Another attempt"):
        desk.ask(ADA, case.token, 2, wish, "k2")


def test_a_table_made_with_other_settings_is_made_anew(store):
    desk = make_desk(store)
    tokens = desk.tokens(NAMES)
    store.adopt(Settings(qc=QcSettings(verify="none")))
    assert desk.take(ADA, Queue.VERIFY) == []
    assert desk.tokens(NAMES) == tokens
    check_kept(store)


def test_making_the_table_anew_goes_on_where_it_was_stopped(store, monkeypatch):
    monkeypatch.setattr(standings, "_BATCH", 2)
    desk = make_desk(store)
    tokens, told = desk.tokens(NAMES), []

    def stop(done, total):
        told.append((done, total))
        if len(told) == 2:
            raise KeyboardInterrupt

    changed = Settings(qc=QcSettings(verify="none"))
    with pytest.raises(KeyboardInterrupt):
        store.adopt(changed, stop)
    assert desk.waiting()["verify"] == 2
    store.adopt(changed, lambda *each: told.append(each))
    assert told == [(2, 6), (4, 6), (2, 6), (2, 6)]
    assert desk.waiting()["verify"] == 0
    assert desk.tokens(NAMES) == tokens
    check_kept(store)
    store.adopt(Settings(), lambda *each: told.append(each))
    assert desk.waiting()["verify"] == 6
    check_kept(store)


def test_by_lot_who_gets_what_follows_from_nothing_but_the_names(store):
    desk = make_desk(store)
    store.adopt(Settings(review=ReviewSettings(order="random")))
    given = names_of(desk, desk.take(ADA, Queue.VERIFY, 4)) + names_of(desk, desk.take(BO, Queue.VERIFY, 2))
    assert given == sorted(NAMES, key=lambda name: lot(name, ORDER))
    assert given != sorted(NAMES, key=lot)
    check_kept(store)


def test_a_store_of_an_older_version_gets_its_table(store):
    make_desk(store)
    with writing(store.engine) as connection:
        connection.execute(delete(STANDING))
        connection.execute(delete(TALLY))
    store.adopt(Settings())
    check_kept(store)


def test_the_tally_is_put_together(store, monkeypatch):
    monkeypatch.setattr(tally, "_PARTS", 16)
    desk = make_desk(store, names=[f"sub-{n:03}_T1w" for n in range(20)])
    with reading(store.engine) as connection:
        assert len(connection.execute(select(TALLY.c.id)).all()) < 24
    assert desk.totals()["state", "verify"] == 20
    check_kept(store)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("attempt"), st.integers(0, 2), st.sampled_from([None, *Outcome]), st.booleans()),
        st.tuples(
            st.just("answer"),
            st.integers(0, 2),
            st.sampled_from([None, *Outcome]),
            st.sampled_from([ADA, BO, CY]),
            st.sampled_from(Mode),
        ),
        st.tuples(st.just("undo"), st.integers(0, 9), st.sampled_from([ADA, BO, CY])),
        st.tuples(st.just("ask"), st.integers(0, 2)),
        st.tuples(st.just("event"), st.integers(0, 2), st.sampled_from(["crash", "changed"])),
    ),
    max_size=14,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps, st.sampled_from([0.0, 0.5, 1.0]))
def test_the_kept_table_is_the_truth_after_any_history(tmp_path_factory, history, share):
    store = Store(
        open_engine(sqlite_url(tmp_path_factory.mktemp("s") / "s.sqlite")),
        "run",
        Settings(review=ReviewSettings(double_share=share)),
    )
    desk = Desk(store, Clock())
    store.add_scans([replace(SCAN, name=name) for name in NAMES[:3]])
    tokens = desk.tokens(NAMES)
    for n, (what, *how) in enumerate(history):
        name = NAMES[how[0] % 3]
        record = store.record(name)
        if what == "attempt":
            store.add_attempt(name, make_attempt(record.next_number, how[1], sure=how[2]), MARK)
        elif what == "answer":
            number = record.attempts[-1].number if record.attempts else 1
            desk.answer(how[2], [Answer(tokens[name], Review(number, how[1], "", mode=how[3]), f"k{n}")])
        elif what == "undo":
            try:
                desk.undo(how[1], f"k{how[0]}", f"u{n}")
            except StoreError:
                continue
        elif what == "ask":
            desk.ask(ADA, tokens[name], record.next_number, {"method": "template"}, f"k{n}")
        else:
            store.add_event(how[1], "x", name, record.next_number - (how[1] == "changed"))
    check_kept(store)
