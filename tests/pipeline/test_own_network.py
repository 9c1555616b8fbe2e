"""A run's own classifier: chosen before the first attempt, the same ever after."""

import json
import shutil

import pytest

from defacto.errors import SettingsError
from defacto.pipeline.folder import OutFolder
from defacto.pipeline.own_network import adopt_network, check_network, network_of
from defacto.qc.classify import DATA, DEFAULT
from defacto.weights import LIST


@pytest.fixture
def other(tmp_path):
    """Return a folder with the shipped network under another version."""
    folder = tmp_path / "other"
    shutil.copytree(DATA, folder)
    known = json.loads((folder / LIST).read_text())
    known[DEFAULT]["version"] = "own"
    (folder / LIST).write_text(json.dumps(known))
    return folder


def test_a_run_without_one_takes_that_of_defacto(tmp_path):
    assert network_of(tmp_path) == DATA


def test_it_is_copied_and_found_again(other, tmp_path):
    out = OutFolder(tmp_path / "out")
    out.root.mkdir()
    adopt_network(other, out, begun=False)
    shutil.rmtree(other)
    assert network_of(out.root) == out.network
    check_network(out.network)


def test_another_one_is_refused_once_attempts_were_made(other, tmp_path):
    out = OutFolder(tmp_path / "out")
    out.root.mkdir()
    with pytest.raises(SettingsError, match="use a new output folder"):
        adopt_network(other, out, begun=True)
    adopt_network(other, out, begun=False)
    adopt_network(other, out, begun=True)
    with pytest.raises(SettingsError, match="use a new output folder"):
        adopt_network(DATA, out, begun=True)


@pytest.mark.parametrize("damage", ["empty", "list", "weights"])
def test_what_is_no_network_is_refused(other, damage):
    if damage == "empty":
        (other / LIST).unlink()
    elif damage == "list":
        (other / LIST).write_text("{")
    else:
        (other / f"{DEFAULT}.onnx").write_bytes(b"no network")
    with pytest.raises(SettingsError, match="--network"):
        check_network(other)
