"""The server is killed while people answer: nothing is lost, nothing counts twice."""

import os
import signal

import httpx
import pytest
from desk_fixtures import PEOPLE
from desk_server import free_port, start

from defacto.pipeline.store import Store
from defacto.review.accounts import Accounts
from defacto.review.guard import COOKIE, form_token

pytestmark = pytest.mark.slow


def test_answers_outlive_the_server(made_run, tmp_path):
    import shutil

    out, port = tmp_path / "out", free_port()
    shutil.copytree(made_run, out)
    store = Store.open(out)
    accounts = Accounts(store.engine)
    session = accounts.begin(accounts.find(next(iter(PEOPLE))))
    origin = f"http://127.0.0.1:{port}"
    headers = {"origin": origin, "x-desk-form": form_token(session), "cookie": f"{COOKIE}={session}"}

    def ask(path, body):
        return httpx.post(f"{origin}/api/{path}", json=body, headers=headers).json()

    server = start(out, port)
    cases = ask("take", {"queue": "manual", "count": 3})["cases"]
    answers = [
        {
            "queue": "manual",
            "answers": [{"token": c["token"], "number": 1, "word": "deep", "key": f"key-{n:06}"}],
        }
        for n, c in enumerate(cases)
    ]
    assert not ask("answers", answers[0])["received"][0]["repeated"]
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    with pytest.raises(httpx.TransportError):
        ask("answers", answers[1])
    server = start(out, port)
    try:
        again = [ask("answers", answer)["received"][0] for answer in answers]
        assert [each["repeated"] for each in again] == [True, False, False]
        assert [each["refused"] for each in again] == [None, None, None]
        assert ask("take", {"queue": "manual", "count": 3})["cases"] == []
    finally:
        server.terminate()
        server.wait(20)
        server.stdout.close()
    assert sum(len(record.reviews) for record in store.records()) == 3
