"""The review desk with very many scans and many reviewers at once.

    python benchmarks/desk.py make OUT --scans 1000000           # DEFACTO_STORE names a PostgreSQL, if any
    python benchmarks/desk.py load OUT --reviewers 20 --seconds 240 --pause 1.9 --pages 1
    python benchmarks/desk.py rebuild OUT

`make` fills a store as a run would leave it (rows of scans that do not exist; pictures of noise, shared).
`load` starts the desk as its own process, lets people work on it by HTTP, and then looks into the store: was
every answer that the desk said it kept kept, once? Did two ever have the same scan?

Measured with 1,000,000 scans (large views of 600 px among the pictures) and 20 people at once who take 1.9 s
a scan (half of what Delbarre et al. measured) and look at one other page for each answer, for 240 s, the
first 5 s left out; server, database and people together on 2 cores of a shared virtual machine, above
another's work of lower priority (and, with PostgreSQL, a training of the lowest); 95th percentiles in ms, and
of how many:

                          SQLite           PostgreSQL 15
    next scan               22  (379)        34  (381)
    picture                  8  (11,484)      9  (11,516)
    page /verify           111  (274)       101  (274)
    page /log               71  (290)        48  (290)
    page /people            57  (228)        41  (228)
    each of the six others  13 to 39 (248    18 to 42 (249
                            to 291 each)     to 292 each)
    answer and next scan   143  (1,717)     105  (1,723)
    page of 12 answered    180  (525)       208  (524)

Nobody waits for the last two: the next scans are on the screen before. 7,780 and 7,762 answers, a tenth of
them sent twice: none lost, none counted twice; 7,835 and 7,816 scans given out, none to two people.

By lot (`--order random`), PostgreSQL, 100 s: next scan 23 (162), slowest page 69 (127), picture 7 (4,620);
and once, while another's work filled both cores at a raised priority, 71 (307), 350 (241) and 28 (8,800).

With other work on both cores (load 6 to 8) `make` took 1,149 s and 1,257 s, `rebuild` 443 s and 497 s, of
which this process took 225 s and 244 s of a processor.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sqlalchemy import func, insert, select

from defacto.config import DefaceSettings, Settings, to_toml
from defacto.pipeline import rows, standings
from defacto.pipeline.database import reading, writing
from defacto.pipeline.desk_tables import NOTE, STANDING, TALLY
from defacto.pipeline.records import Record, ScanRow
from defacto.pipeline.standings import ensure, new_token, standing_row
from defacto.pipeline.store import Store
from defacto.pipeline.tables import ATTEMPT, DECISION, MEASURE, PREDICTION, REVIEW, SCAN
from defacto.render import write_png
from defacto.review.accounts import Accounts, Role
from defacto.review.guard import COOKIE, form_token
from defacto.types import Attempt, Decision, Measure, Outcome, Prediction, Reason

SIZES = {"render_left": 300, "render_right": 300, "large_left": 600, "large_right": 600, "slices": 720}
ROLES = tuple(SIZES)
SHARED = 200
PORT = 8611
HOST = f"127.0.0.1:{PORT}"
CHUNK = 5000
PAGES = (
    "/verify",
    "/manual",
    "/scans",
    "/scans?state=manual",
    "/scan/*",
    "/study",
    "/check",
    "/people",
    "/log",
)
"""What people look at besides; the star stands for a scan that they had."""
WARM_UP_S = 5.0
"""People come one after the other; what they wait in these first seconds is not counted."""


def make(out: Path, scans: int) -> None:
    """Fill a store."""
    out.mkdir(parents=True)
    (out / "settings.toml").write_text(to_toml(Settings()))
    rng = np.random.default_rng(0)
    for n in range(SHARED):
        folder = out / f"scans/shared-{n}/attempt-1"
        folder.mkdir(parents=True)
        for role in ROLES:
            size = SIZES[role]
            noise = rng.integers(90, 130, (size, size, 1), dtype=np.uint8).repeat(3, axis=2)
            write_png(folder / f"{role}.png", noise)
    store = Store.create(out, run="made")
    settings = Settings()
    began = time.perf_counter()
    totals: Counter[str] = Counter()
    for start in range(0, scans, CHUNK):
        ids = range(start + 1, min(scans, start + CHUNK) + 1)
        with writing(store.engine) as connection:
            totals.update(_add(connection, ids, settings))
        print(f"\r{ids[-1]:,} scans, {time.perf_counter() - began:.0f} s", end="", flush=True)
    with writing(store.engine) as connection:
        connection.execute(insert(TALLY), [{"what": w, "amount": a} for w, a in totals.items()])
        _set_counters(connection)
    print()
    _note(store, settings)


def _add(connection, ids, settings):
    rng = random.Random(ids[0])
    kept = defaultdict(list)
    totals = Counter()
    for n in ids:
        subject = f"{rng.randrange(100):02}{n:07}"
        scan = ScanRow(f"sub-{subject}_T1w", subject, None, "T1w", "anat", "bids")
        attempt = _attempt(rng, n)
        record = Record(scan, (attempt,), scan_id=n, attempt_id=n)
        standing = standing_row(record, settings)
        totals.update(standing["counted"])
        kept[SCAN].append(
            {"id": n} | {k: getattr(scan, k) for k in ScanRow.__dataclass_fields__ if k != "crash"}
        )
        row = rows.attempt_row(attempt) | {"id": n, "scan_id": n, "name": scan.name, "run": "made"}
        kept[ATTEMPT].append(
            row | {"fingerprint": "f", "stamp": "s", "added": datetime(2026, 1, 1, tzinfo=UTC)}
        )
        for table, found in (
            (MEASURE, rows.measure_rows(attempt)),
            (PREDICTION, rows.prediction_rows(attempt)),
            (DECISION, [rows.decision_row(attempt.decision)]),
        ):
            kept[table] += [each | {"attempt_id": n} for each in found]
        kept[STANDING].append(standing | {"token": new_token()})
    for table in (SCAN, ATTEMPT, MEASURE, PREDICTION, DECISION, STANDING):
        connection.execute(insert(table), kept[table])
    return totals


def _attempt(rng, n):
    p_pass = rng.betavariate(5, 1)
    sure = p_pass > 0.75
    place = f"scans/shared-{n % SHARED}/attempt-1"
    return Attempt(
        number=1,
        parameters={**vars(DefaceSettings()), "nudge_mm": [0, 0, 0]},
        method="template",
        version="2",
        measures={"brain_lost_ml": Measure("brain_lost_ml", 0.0, "ml")},
        decision=Decision(Outcome.PASS if sure else None, (Reason("Made up."),), sure),
        prediction=Prediction("made 1", {Outcome.PASS: p_pass, Outcome.SHALLOW: 1 - p_pass}),
        files={role: f"{place}/{role}.png" for role in ROLES} | {"volume": f"{place}/defaced.nii.gz"},
    )


def _set_counters(connection) -> None:
    """PostgreSQL counts ids by itself; rows that were given theirs have to be told."""
    if connection.dialect.name == "postgresql":
        for table in ("scan", "attempt"):
            connection.exec_driver_sql(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")


def _note(store, settings) -> None:
    with writing(store.engine) as connection:
        connection.execute(insert(NOTE).values(name="standings", text=standings._digest(settings)))
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("ANALYZE")
    ensure(store.engine, settings)
    if store.engine.dialect.name == "postgresql":
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def rebuild(out: Path) -> None:
    """Make the table of where scans stand anew: with other settings, so that every row changes."""
    store = Store.open(out)
    settings = Settings()
    settings = replace(settings, review=replace(settings.review, order="random"))
    began, cpu = time.perf_counter(), time.process_time()

    def tell(done, total):
        took = time.perf_counter() - began
        print(f"\r{done:,} of {total:,}, {took:.0f} s", end="", flush=True)

    store.adopt(settings, tell)
    print(f"; {time.process_time() - cpu:.0f} s of this process's processor")


class Person(threading.Thread):
    """Somebody who verifies and decides, with pauses as a very quick person has them."""

    def __init__(self, name, session, until, pause_s, pages, seed):
        super().__init__()
        self.who, self.session, self.until = name, session, until
        self.pause_s, self.pages = pause_s, pages
        self.rng = random.Random(seed)
        self.times = defaultdict(list)
        self.kept, self.had, self.wrong = [], set(), Counter()
        self.next = []
        self.begun = time.time()
        self.connection = http.client.HTTPConnection(HOST, timeout=60)

    def ask(self, kind, method, path, body=None):
        headers = {"Cookie": f"{COOKIE}={self.session}", "X-Desk-Form": form_token(self.session)}
        data = None
        if body is not None:
            data = json.dumps(body)
            headers |= {"Content-Type": "application/json", "Origin": f"http://{HOST}"}
        began = time.perf_counter()
        self.connection.request(method, path, data, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if time.time() > self.begun + WARM_UP_S:
            self.times[kind].append(time.perf_counter() - began)
        if answer.status != 200:
            self.wrong[f"{kind} {answer.status}"] += 1
            return None
        return content

    def run(self):
        time.sleep(self.rng.uniform(0, WARM_UP_S))
        while time.time() < self.until:
            self.decide() if self.rng.random() < 0.8 else self.verify()
            for _ in range(int(self.pages + self.rng.random())):
                self.look()

    def pause(self):
        time.sleep(self.rng.expovariate(1 / self.pause_s))

    def decide(self):
        cases, self.next = self.next, []
        if not cases:
            got = self.ask("next scan", "POST", "/api/take", {"queue": "manual", "count": 4})
            cases = json.loads(got)["cases"] if got else []
        self.had |= {case["token"] for case in cases}
        for case in cases[:1]:
            for src in case["pictures"].values():
                self.ask("picture", "GET", src)
            self.pause()
            word = self.rng.choice(("pass", "deep", "shallow", "failure"))
            one = {
                "token": case["token"],
                "number": case["number"],
                "word": word,
                "key": new_key(),
                "seconds": 1,
            }
            more = 4 if self.rng.random() < 0.8 else 0
            body = {"queue": "manual", "answers": [one], "more": more}
            kind = "answer and next scan" if more else "answer"
            self.next = self.send(kind, body, [(one["key"], case["token"])])

    def verify(self):
        got = self.ask("next page of 12", "POST", "/api/take", {"queue": "verify", "count": 12})
        if got is None:
            return
        cases = json.loads(got)["cases"]
        self.had |= {case["token"] for case in cases}
        for case in cases[:4]:
            self.ask("picture", "GET", case["pictures"]["render_left"])
        self.pause()
        page = new_key()
        answers = [
            {"token": c["token"], "number": c["number"], "word": "pass", "key": page, "seconds": 0.4}
            for c in cases
        ]
        body = {"queue": "verify", "answers": answers, "page": page}
        self.send("answer of a page", body, [(f"{page}:{n}", c["token"]) for n, c in enumerate(cases)])

    def send(self, kind, body, keys):
        cases = []
        again = 2 if self.rng.random() < 0.1 else 1  # as after a dropped network
        for _ in range(again):
            got = self.ask(kind, "POST", "/api/answers", body)
            if got is not None:
                said = json.loads(got)
                told, cases = said["received"], said.get("cases", [])
                refused = {each["token"] for each in told if each["refused"]}
                self.wrong["refused"] += len(refused)
                self.kept += [key for key, token in keys if token not in refused]
        return cases

    def look(self):
        page = self.rng.choice(PAGES)
        path = page.replace("*", self.rng.choice(sorted(self.had)) if self.had else "")
        self.ask(f"page {page}", "GET", path)


def new_key():
    return os.urandom(12).hex()


def load(out: Path, reviewers: int, seconds: float, pause_s: float, pages: float) -> None:
    """Work on a desk, and look whether all was kept."""
    store = Store.open(out)
    accounts = Accounts(store.engine)
    names = [f"person-{os.getpid()}-{n}" for n in range(reviewers)]
    for name in names:
        accounts.add(name, Role.LEAD)
    sessions = {name: accounts.begin(accounts.find(name)) for name in names}
    command = [sys.executable, "-m", "defacto.cli", "review", str(out), "--port", str(PORT)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait_for_server()
        with reading(store.engine) as connection:
            before = connection.execute(select(func.count()).select_from(REVIEW)).scalar_one()
        until = time.time() + seconds
        people = [Person(name, sessions[name], until, pause_s, pages, n) for n, name in enumerate(names)]
        for each in people:
            each.start()
        for each in people:
            each.join()
    finally:
        server.terminate()
        server.wait()
    _tell(people, store, before, seconds)


def _wait_for_server():
    for _ in range(600):
        try:
            connection = http.client.HTTPConnection(HOST, timeout=5)
            connection.request("GET", "/sign-in")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("The desk did not start.")


def _tell(people, store, before, seconds):
    times = defaultdict(list)
    for each in people:
        for kind, found in each.times.items():
            times[kind] += found
    print(f"{store.engine.dialect.name}: {len(people)} people, {seconds:g} s")
    for kind, found in sorted(times.items()):
        ms = 1000 * np.array(found)
        print(
            f"  {kind:24s} n={len(ms):6d}  median {np.median(ms):7.1f}  p95 {np.percentile(ms, 95):7.1f} ms"
            f"  most {ms.max():7.1f} ms"
        )
    wrong = sum((each.wrong for each in people), Counter())
    print("  not answered with 200:", {k: v for k, v in wrong.items() if v} or "none")
    with reading(store.engine) as connection:
        query = select(REVIEW.c.answer, REVIEW.c.reviewer).where(
            REVIEW.c.reviewer.in_([p.who for p in people])
        )
        stored = Counter(row.answer for row in connection.execute(query))
        after = connection.execute(select(func.count()).select_from(REVIEW)).scalar_one()
    told = {f"{each.who}/{key}" for each in people for key in each.kept}
    print(f"  answers the desk said it kept: {len(told)}; lost {len(told - set(stored))};")
    print(f"  in the store {after - before}; twice {sum(n > 1 for n in stored.values())};")
    print(f"  not told of {len(set(stored) - told)}")
    had = Counter(token for each in people for token in each.had)
    print(f"  scans given out {len(had)}; to more than one person {sum(n > 1 for n in had.values())}")


def main() -> None:
    """Do as the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("make", "load", "rebuild"))
    parser.add_argument("out", type=Path)
    parser.add_argument("--scans", type=int, default=1_000_000)
    parser.add_argument("--reviewers", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--pause", type=float, default=0.5, help="mean seconds that a person takes")
    parser.add_argument("--pages", type=float, default=0.3, help="other pages looked at, for each answer")
    options = parser.parse_args()
    if options.what == "make":
        make(options.out, options.scans)
    elif options.what == "rebuild":
        rebuild(options.out)
    else:
        load(options.out, options.reviewers, options.seconds, options.pause, options.pages)


if __name__ == "__main__":
    main()
