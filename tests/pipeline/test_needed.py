"""Whether tests that need programs of others skip, or fail because those were promised."""

import needed
import pytest


def test_what_is_not_promised_is_skipped(monkeypatch):
    monkeypatch.setenv(needed.PROMISED, "nginx chromium")
    with pytest.raises(pytest.skip.Exception, match="does not start"):
        needed.lacks("postgresql", "PostgreSQL does not start")


def test_what_is_promised_fails(monkeypatch):
    monkeypatch.setenv(needed.PROMISED, "nginx chromium")
    with pytest.raises(pytest.fail.Exception, match="promises chromium, but"):
        needed.lacks("chromium", "it is gone")


def test_the_newest_postgresql_is_found_off_path(monkeypatch, tmp_path):
    for version in ("9", "15"):
        place = tmp_path / version / "bin"
        place.mkdir(parents=True)
        (place / "initdb").touch()
    monkeypatch.setattr(needed, "POSTGRESQL", str(tmp_path))
    monkeypatch.setattr(needed.shutil, "which", lambda name: None)
    assert needed.postgresql() == tmp_path / "15" / "bin"
    monkeypatch.setattr(needed, "POSTGRESQL", str(tmp_path / "nowhere"))
    monkeypatch.delenv(needed.PROMISED, raising=False)
    with pytest.raises(pytest.skip.Exception, match="not installed"):
        needed.postgresql()
