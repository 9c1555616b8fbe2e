import math
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from attempts_made_up import PREDICTION, SCAN, make_attempt

from defacto.errors import StoreError
from defacto.pipeline.database import HEAD, open_engine, sqlite_url
from defacto.pipeline.records import Mark
from defacto.pipeline.store import Store
from defacto.pipeline.tables import METADATA
from defacto.types import Measure, Outcome, Review

MARK = Mark("f" * 64, "s" * 64)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path, monkeypatch):
    if request.param == "postgresql":
        monkeypatch.setenv("DEFACTO_STORE", request.getfixturevalue("postgres_url"))
    made = Store.create(tmp_path, run="run-1")
    made.add_scans([SCAN])
    return made


def test_an_attempt_comes_back_as_it_went_in(store):
    attempt = replace(
        make_attempt(),
        prediction=PREDICTION,
        seconds={"deface": 1.5},
        sha256={"volume": "ab"},
        measures={"a": Measure("a", 1 / 3, "share", False), "b": Measure("b", None, "mm")},
    )
    store.add_attempt(SCAN.name, attempt, MARK)
    record = store.record(SCAN.name)
    got = record.attempts[0]
    assert replace(got, parameters=None) == replace(attempt, parameters=None)
    assert record.mark == MARK
    assert list(got.parameters["nudge_mm"]) == list(attempt.parameters["nudge_mm"])


@pytest.mark.parametrize("unknown", [math.nan, math.inf, None])
def test_what_is_not_known_is_stored_as_nothing(store, unknown):
    attempt = replace(make_attempt(), measures={"a": Measure("a", unknown, "ml")})
    store.add_attempt(SCAN.name, attempt, MARK)
    assert store.attempts(SCAN.name)[0].measures["a"].value is None


def test_the_newest_model_is_that_of_the_last_prediction(store):
    assert store.newest_model() is None
    for number, model in ((1, "seat 2"), (2, "seat 1")):
        judged = replace(make_attempt(number), prediction=replace(PREDICTION, model=model))
        store.add_attempt(SCAN.name, judged, MARK)
    store.add_attempt(SCAN.name, make_attempt(3), MARK)
    assert store.newest_model() == "seat 1"


def test_an_attempt_is_added_once(store):
    store.add_attempt(SCAN.name, make_attempt(), MARK)
    with pytest.raises(StoreError, match="already on record"):
        store.add_attempt(SCAN.name, make_attempt(), MARK)
    assert len(store.attempts(SCAN.name)) == 1


def test_all_of_an_attempt_is_added_or_nothing(store):
    broken = replace(make_attempt(), measures={"a": Measure("x" * 3, 1.0, None)})
    with pytest.raises(StoreError):
        store.add_attempt(SCAN.name, broken, MARK)
    assert store.attempts(SCAN.name) == ()


@pytest.mark.parametrize("statement", ["UPDATE review SET outcome = 'pass'", "DELETE FROM review"])
def test_rows_are_only_ever_added(store, statement):
    store.add_attempt(SCAN.name, make_attempt(), MARK)
    store.add_review(SCAN.name, Review(1, Outcome.DEEP, "Ada"))
    with pytest.raises(sa.exc.DBAPIError, match="only ever added"), store.engine.begin() as connection:
        connection.execute(sa.text(statement))
    assert store.reviews(SCAN.name) == (Review(1, Outcome.DEEP, "Ada"),)


def test_a_review_is_of_the_last_attempt(store):
    store.add_attempt(SCAN.name, make_attempt(1), MARK)
    store.add_attempt(SCAN.name, make_attempt(2), MARK)
    with pytest.raises(StoreError, match="its last attempt is 2"):
        store.add_review(SCAN.name, Review(1, Outcome.PASS, "Ada"))
    store.add_review(SCAN.name, Review(2, Outcome.PASS, "Ada", "Fine."))
    assert store.reviews(SCAN.name) == (Review(2, Outcome.PASS, "Ada", "Fine."),)


def test_a_changed_input_leaves_its_attempts_behind(store):
    store.add_attempt(SCAN.name, make_attempt(1), MARK)
    store.add_review(SCAN.name, Review(1, Outcome.PASS, "Ada"))
    store.add_event("changed", "The input changed.", SCAN.name, 1)
    record = store.record(SCAN.name)
    assert (record.attempts, record.reviews, record.next_number) == ((), (), 2)
    store.add_attempt(SCAN.name, make_attempt(2), MARK)
    assert [a.number for a in store.attempts(SCAN.name)] == [2]


def test_a_crash_is_forgotten_after_the_next_attempt(store):
    store.add_event("crash", "Stopped.", SCAN.name, 1)
    assert store.record(SCAN.name).scan.crash == "Stopped."
    store.add_attempt(SCAN.name, make_attempt(1), MARK)
    assert store.record(SCAN.name).scan.crash is None


def test_what_was_left_out_is_said_once(store):
    for _ in range(2):
        store.add_events(
            [("left_out", "It is 2D.", "sub-02_T1w", None), ("left_out", "No.", SCAN.name, None)]
        )
    assert store.left_out() == {"sub-02_T1w": "It is 2D."}


def test_times_are_in_utc_and_say_so(store):
    store.add_event("left_out", "It is 2D.")
    (event,) = store.events("left_out")
    assert event.added.utcoffset() == timedelta(0)
    assert abs(event.added - datetime.now(UTC)) < timedelta(hours=0.4)


def test_scans_are_added_once_and_come_in_order(store):
    store.add_scans([replace(SCAN, name="sub-00_T1w"), SCAN, replace(SCAN, note="other")])
    assert [s.name for s in store.scans()] == ["sub-00_T1w", SCAN.name]


def test_many_scans_at_once(store):
    names = [f"sub-{i:04}_T1w" for i in range(1200)]
    store.add_scans([replace(SCAN, name=name) for name in names])
    assert [r.scan.name for r in store.records(names)] == names


def test_an_unknown_scan_has_a_sentence(store):
    with pytest.raises(StoreError, match="no scan sub-99_T1w"):
        store.record("sub-99_T1w")


def test_tables_and_migrations_agree(store):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_many_open_an_empty_store_at_once(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(lambda _: Store.create(tmp_path), range(8)))
    assert stores[0].scans() == []


def test_many_write_at_once(store):
    def add(i):
        store.add_event("note", "x", f"s{i}", i)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    assert len(store.events("note")) == 40


def test_a_folder_without_a_store_is_said_so(tmp_path):
    with pytest.raises(StoreError, match="has no store"):
        Store.open(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_broken_file_is_an_error_of_ours(tmp_path):
    (tmp_path / "store.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(StoreError, match="cannot be used") as caught:
        Store.open(tmp_path)
    assert str(tmp_path) not in str(caught.value)


def test_a_store_of_a_later_version_is_left_alone(tmp_path):
    Store.create(tmp_path)
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match="newer version"):
        Store.open(tmp_path)


def test_only_two_kinds_of_address_are_known(tmp_path, monkeypatch):
    monkeypatch.setenv("DEFACTO_STORE", "mysql://x/y")
    with pytest.raises(StoreError, match="expected sqlite"):
        Store.create(tmp_path)


def test_a_database_serves_one_folder(tmp_path, monkeypatch, postgres_url):
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    monkeypatch.setenv("DEFACTO_STORE", postgres_url)
    Store.create(one).add_scans([SCAN])
    assert [s.name for s in Store.open(one).scans()] == [SCAN.name]
    with pytest.raises(StoreError, match="one database serves one folder"):
        Store.create(other)
    monkeypatch.delenv("DEFACTO_STORE")
    with pytest.raises(StoreError, match="set DEFACTO_STORE"):
        Store.create(one)
    Store.create(other)
    monkeypatch.setenv("DEFACTO_STORE", postgres_url)
    with pytest.raises(StoreError, match="unset DEFACTO_STORE"):
        Store.create(other)


def test_the_newest_migration_is_the_one_named(tmp_path):
    engine = open_engine(sqlite_url(tmp_path / "s.sqlite"))
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one() == HEAD
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "delete"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
