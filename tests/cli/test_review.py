"""The command of the desk: people, settings, and what it refuses to serve."""

import io
import sqlite3

import pytest

from defacto.cli import main
from defacto.pipeline.run_settings import saved_settings
from defacto.pipeline.store import Store

PASSWORD = "correct horse battery"


@pytest.fixture
def out(tmp_path):
    pytest.importorskip("fastapi")
    folder = tmp_path / "out"
    folder.mkdir()
    Store.create(folder)
    return folder


def add(out, monkeypatch, *words, password=PASSWORD):
    monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))
    return main(["review", str(out), "--add-user", *words, "--password-stdin"])


def test_an_account_is_made_changed_and_closed(out, monkeypatch, capsys):
    assert add(out, monkeypatch, "Ada", "--role", "reviewer", "--site", "01") == 0
    assert add(out, monkeypatch, "Ada", "--role", "lead") == 0
    assert main(["review", str(out), "--remove-user", "Ada"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Ada may sign in as reviewer.",
        "Ada may sign in as lead.",
        "Ada cannot sign in any more; what they decided stays.",
    ]
    with sqlite3.connect(out / "store.sqlite") as connection:
        rows = connection.execute("SELECT name, role, password, active FROM account").fetchall()
    connection.close()
    assert rows == [("Ada", "lead", None, 0)]


@pytest.mark.parametrize(
    ("words", "password", "said"),
    [
        (["Ada"], PASSWORD, "--role"),
        (["Ada", "--role", "viewer"], "short", "at least 10"),
        (["", "--role", "viewer"], PASSWORD, "1 to 64 letters"),
        (["a/b", "--role", "viewer"], PASSWORD, "1 to 64 letters"),
        (["a\nb", "--role", "viewer"], PASSWORD, "1 to 64 letters"),
    ],
)
def test_accounts_that_cannot_be_are_refused_in_a_sentence(out, monkeypatch, capsys, words, password, said):
    assert add(out, monkeypatch, *words, password=password) == 2
    assert said in capsys.readouterr().err


def test_settings_of_reading_are_kept(out, capsys):
    words = ["--double", "0.25", "--blind", "no", "--site-characters", "2"]
    assert main(["review", str(out), *words]) == 0
    review = saved_settings(out).review
    assert (review.double_share, review.blind, review.site_characters) == (0.25, False, 2)
    assert main(["review", str(out), "--double", "2"]) == 2
    assert "0 to 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--host", "0.0.0.0"], "without encryption"),
        (["--host", "192.168.1.5"], "without encryption"),
        (["--certificate", "c.pem"], "belong together"),
        (["--continue"], "--input"),
        (["--input", "nowhere"], "no such folder"),
        (["--remove-user", "Nobody"], "no account"),
    ],
)
def test_what_would_be_unsafe_is_refused(out, capsys, words, said):
    assert main(["review", str(out), *words]) == 2
    assert said in capsys.readouterr().err


def test_without_the_extra_it_says_what_to_install(out, monkeypatch, capsys):
    from defacto.cli import review

    monkeypatch.setattr(review, "_NEEDED", ("a_package_that_is_not_there",))
    assert main(["review", str(out)]) == 2
    assert 'pip install "defacto[review]"' in capsys.readouterr().err


def test_a_folder_that_is_none_is_refused(tmp_path, capsys):
    assert main(["review", str(tmp_path)]) == 2
    assert "output folder" in capsys.readouterr().err


def test_without_a_terminal_nobody_is_asked_for_a_password(out, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(["review", str(out), "--add-user", "Ada", "--role", "viewer"]) == 2
    assert "--password-stdin" in capsys.readouterr().err
