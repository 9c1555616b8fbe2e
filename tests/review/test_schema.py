"""Requests made up from the description of the interface: none makes the server fail."""

import pytest
from desk_fixtures import ORIGIN
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

OPERATIONS = ["take", "waiting", "answers", "undo", "skip", "ask", "preview", "check"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_request_makes_the_desk_fail(desk, name):
    schemathesis = pytest.importorskip("schemathesis")
    lead = desk("Lea")
    token = lead.take("manual")[0]["token"]
    schema = schemathesis.openapi.from_dict(desk.app.openapi())
    (operation,) = [o.ok() for o in schema.get_all_operations() if o.ok().path == f"/api/{name}"]
    headers = {"origin": ORIGIN, "x-desk-form": lead.form}
    found = set()

    @settings(max_examples=30, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(), st.booleans())
    def ask(case, real):
        body = case.body if not isinstance(case.body, schemathesis.core.NotSet) else None
        if real and isinstance(body, dict) and "token" in body:
            body = body | {"token": token}
        sent = {"content": body} if isinstance(body, bytes) else {"json": body}
        sent = {} if operation.method.upper() == "GET" else sent
        got = lead.client.request(operation.method.upper(), case.path, headers=headers, **sent)
        found.add(got.status_code)
        assert got.status_code < 500, got.text

    ask()
    assert found


def test_every_operation_is_described_and_tried(desk):
    paths = desk.app.openapi()["paths"]
    assert sorted(path.removeprefix("/api/") for path in paths) == sorted(OPERATIONS)
