"""Programs of others, by stand-ins that take the words their documentation names, and succeed or fail."""

import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from anatomy.heads import known_context
from defacto.config import DefaceSettings
from defacto.deface import OUTSIDE, apply, programs
from defacto.deface.outside import version_of
from defacto.deface.programs import PROGRAMS
from defacto.errors import ProgramError, SettingsError, StepError
from defacto.io.arrays import scan_from_arrays

NAMES = sorted(set(PROGRAMS) - {"niimath"})
STAND_IN = """#!{python}
import sys, glob, os
import nibabel as nib
import numpy as np
words = sys.argv[1:]
if words and words[0] in ("--version", "-version", "-ver"):
    print("stand-in version 4.5.6"); sys.exit(0)
{where}
image = nib.load(source)
data = np.asarray(image.dataobj)
with open(os.path.join({told!r}), "w") as file:
    file.write(repr((words, os.listdir(os.path.dirname(source)), data.shape, str(data.dtype))))
{body}
"""
AFTER = "words[words.index({!r}) + 1]"
WHERE = {
    "fsl_deface": "source, target = words[0], words[1]",
    "pydeface": f"source, target = words[0], {AFTER.format('--outfile')}; assert '--force' in words",
    "mri_deface": "source, brain, face, target = words; assert brain.endswith('mixed_with_skull.gca')",
    "mideface": f"source, target = {AFTER.format('--i')}, {AFTER.format('--o')}",
    "afni_refacer": f"source, target = {AFTER.format('-input')}, {AFTER.format('-prefix')}",
    "mri_reface": "source, target = words[0], os.path.join(words[1], 'scan_deFaced.nii')",
    "quickshear": "source, mask, target = words; assert set(np.unique(nib.load(mask).dataobj)) == {0, 1}",
    "deepdefacer": "source, target = "
    f"{AFTER.format('--input_file')}, {AFTER.format('--defaced_output_path')}",
}
REMOVES = "data[:, -12:] = 0\nnib.save(nib.Nifti1Image(data, image.affine), target)"
REPLACES = "data[:, -12:] += 50\nnib.save(nib.Nifti1Image(data, image.affine), target)"


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Put a program on an otherwise empty PATH; return a function that does so, and what it was told."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    version_of.cache_clear()
    told = tmp_path / "told"
    memory = tmp_path / "memory"
    memory.mkdir()
    monkeypatch.setattr(programs, "MEMORY", memory)

    def make(name, body, command=None):
        path = folder / (command or PROGRAMS[name].commands[0])
        text = STAND_IN.format(python=sys.executable, where=WHERE[name], told=str(told), body=body)
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return told

    yield make
    assert not list(memory.iterdir())


@pytest.fixture(scope="module")
def made():
    i, j, k = np.ogrid[:40, :40, :40]
    head = ((i - 20) ** 2 + (j - 20) ** 2 + (k - 20) ** 2 < 18**2) * 200.0 + (i + j + k) % 7
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    affine[:3, 3] = -80
    scan = scan_from_arrays(head.astype(np.float32), affine, dtype="int16")
    return scan, known_context(scan.grid)


def removal(made, name, **parameters):
    return OUTSIDE[name].removal(*made, DefaceSettings(method=name, **parameters))


@pytest.mark.parametrize("name", NAMES)
def test_what_a_program_takes_becomes_a_removal(made, stand_in, name):
    replaces = PROGRAMS[name].replaces
    told = stand_in(name, REPLACES if replaces else REMOVES)
    found = removal(made, name)
    scan = made[0]
    assert found.method == name
    assert found.mask[:, -12:].sum() > 0.8 * found.mask[:, -12:].size
    assert not found.mask[:, :-12].any()
    assert (found.replacement is not None) == replaces
    result = apply(scan, found)
    assert np.array_equal(result.stored[~found.mask], scan.stored[~found.mask])
    if replaces:
        assert np.abs(result.volume - scan.volume)[found.mask] == pytest.approx(50, abs=1)
    _, beside, shape, dtype = eval(told.read_text())
    assert (shape, dtype) == (scan.grid.shape, "float32")
    assert "scan.nii.gz" in beside


@pytest.mark.parametrize("name", ["pydeface", "mri_reface"])
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("sys.exit(3)", "exit code 3"),
        ("pass", "without a result"),
        ("open(target, 'w').write('no image')", "cannot be read"),
        ("nib.save(nib.Nifti1Image(data[:-1], image.affine), target)", r"\(39, 40, 40\), expected"),
        ("nib.save(nib.Nifti1Image(data, np.eye(4)), target)", "elsewhere"),
        ("nib.save(nib.Nifti1Image(data * 2 + 9, image.affine), target)", "nearly every voxel"),
    ],
)
def test_what_goes_wrong_in_a_program_is_a_failure_with_one_sentence(made, stand_in, name, body, said):
    stand_in(name, body)
    with pytest.raises(ProgramError, match=said) as raised:
        removal(made, name)
    assert isinstance(raised.value, StepError)
    assert str(made[0].grid.shape[0]) in str(raised.value) or "/" not in str(raised.value)


@pytest.mark.parametrize("name", NAMES)
def test_a_program_that_fails_is_a_failure(made, stand_in, name):
    stand_in(name, "sys.exit(7)")
    with pytest.raises(ProgramError, match=f"{name} ended with exit code 7"):
        removal(made, name)


@pytest.mark.parametrize("name", NAMES)
def test_a_program_that_is_not_there_is_told_by_its_name(made, stand_in, name):
    assert not OUTSIDE[name].found
    with pytest.raises(ProgramError, match=f"{PROGRAMS[name].commands[0]}.* not found"):
        removal(made, name)


def test_the_version_is_recorded(made, stand_in):
    stand_in("pydeface", REMOVES)
    assert removal(made, "pydeface").version == "4.5.6"
    assert OUTSIDE["fsl_deface"].version == "unknown"


def test_the_older_of_two_names_is_found_too(made, stand_in):
    stand_in("afni_refacer", REPLACES, command="@afni_refacer_run")
    assert OUTSIDE["afni_refacer"].found
    assert removal(made, "afni_refacer").replacement is not None


def test_the_knobs_of_fsl_deface_are_passed_on(made, stand_in):
    told = stand_in("fsl_deface", REMOVES)
    removal(made, "fsl_deface", nudge_mm=(1.0, -5.0, 0.0), fraction=0.35, bias_correction=True)
    words = eval(told.read_text())[0]
    assert words[2:] == ["-nud", "1", "-5", "0", "-f", "0.35", "-B"]


@pytest.mark.parametrize("kind", ["docker", "apptainer"])
def test_in_a_container_there_is_no_network_and_only_the_one_folder(made, stand_in, kind, tmp_path):
    told = tmp_path / "asked"
    script = f'#!/bin/sh\necho "$@" > {told}\nexit 4\n'
    path = tmp_path / "bin" / kind
    path.write_text(script)
    path.chmod(0o755)
    with pytest.raises(ProgramError, match="exit code 4"):
        removal(made, "pydeface", container=kind, container_image="some/image:1")
    words = told.read_text().split()
    assert words[words.index("some/image:1") :][0] == "some/image:1"
    if kind == "docker":
        assert words[:7] == ["run", "--rm", "--network", "none", "--pull", "never", "--user"]
        assert words[words.index("--entrypoint") + 1] == "pydeface"
        assert sum(word == "-v" for word in words) == 1
    else:
        assert "--containall" in words
        assert words[words.index("some/image:1") + 1] == "pydeface"


@pytest.mark.parametrize(
    ("parameters", "error", "said"),
    [
        ({"container": "podman", "container_image": "x"}, SettingsError, "docker, apptainer"),
        ({"container": "docker"}, SettingsError, "container_image"),
        ({"container": "docker", "container_image": "x"}, ProgramError, "docker was not found"),
    ],
)
def test_a_container_that_cannot_be_used_is_told(made, stand_in, monkeypatch, parameters, error, said):
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(error, match=said):
        removal(made, "pydeface", **parameters)


def test_niimath_is_always_there_and_takes_the_face():
    from anatomy.heads import moved_scan

    scan = moved_scan(np.eye(4))
    context = known_context(scan.grid)
    found = OUTSIDE["niimath"].removal(scan, context, DefaceSettings(method="niimath"))
    assert OUTSIDE["niimath"].found
    assert any(c.isdigit() for c in found.version)
    assert found.replacement is None
    assert 0.01 < found.mask.mean() < 0.3
    assert Path(PROGRAMS["niimath"].commands[0]).name.startswith("niimath")
