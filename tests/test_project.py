"""What holds for the project as a whole."""

import gzip
import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from defacto import __version__, qc
from defacto.cli import make_parser
from defacto.config import Settings, read_settings, setting_rows, to_toml

ROOT = Path(__file__).parent.parent
ABSENT = ("torch", "scipy", "matplotlib", "pandas", "SimpleITK", "fastapi", "uvicorn", "argon2")
WITHOUT = f"import sys; sys.modules.update(dict.fromkeys({ABSENT}))"


def _load(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


docs = _load(ROOT / "docs" / "make.py")
hook = _load(ROOT / ".ci" / "no_heads.py")


def _modules_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize(
    "statement",
    [
        "import defacto",
        "import defacto.pipeline.run, defacto.report, defacto.simulate.study",
        "from defacto.cli import make_parser; make_parser()",
    ],
)
def test_nothing_heavy_is_needed_nor_torch_loaded(statement):
    _modules_after(f"{WITHOUT}\n{statement}")
    assert not _modules_after(statement) & {"torch", "fastapi", "uvicorn", "argon2"}


def test_help_is_fast_to_import():
    assert not _modules_after("from defacto.cli import make_parser; make_parser()") & {
        "numba",
        "SimpleITK",
        "nibabel",
    }


@pytest.mark.parametrize("path", sorted(docs.pages()), ids=lambda p: p.name)
def test_made_pages_are_not_stale(path):
    assert path.read_text(encoding="utf-8") == docs.pages()[path], "run: python docs/make.py"


@pytest.mark.parametrize("name", docs.subcommands(make_parser()))
def test_every_command_is_explained_somewhere_a_person_reads(name):
    text = "".join((ROOT / page).read_text() for page in ("README.md", "docs/tutorial.md", "docs/how-to.md"))
    assert f"defacto {name}" in text


@pytest.mark.parametrize("name", docs.subcommands(make_parser()))
def test_every_command_and_option_has_help(name):
    command = docs.subcommands(make_parser())[name]
    assert command.description
    assert all(action.help for action in command._actions)


def test_pages_name_only_commands_and_options_that_exist():
    commands = docs.subcommands(make_parser())
    known = {option for c in commands.values() for a in c._actions for option in a.option_strings}
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for line in re.findall(r"^defacto [^#\n]*", page.read_text(), flags=re.MULTILINE):
            assert line.split()[1] in commands, (page.name, line)
            assert set(re.findall(r"\s(--?[a-z][a-z-]*)", line)) <= known, (page.name, line)


def test_links_of_pages_lead_somewhere():
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).is_file(), (page.name, target)


def test_every_measure_is_explained():
    page = (ROOT / "docs/reference/measures.md").read_text()
    names = re.findall(r"^``(\w+)``", sys.modules[qc.measure.__module__].__doc__, flags=re.MULTILINE)
    assert len(names) > 4
    assert [name for name in names if f"`{name}`" not in page] == []


def test_every_setting_has_a_sentence_of_help():
    for name, _, text in setting_rows():
        assert text[0].isupper(), name
        assert text.endswith("."), name


def test_settings_come_back_from_toml(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text(to_toml(Settings()), encoding="utf-8")
    assert read_settings(file) == Settings()


def test_the_readme_has_both_commands_each_one_line():
    readme = (ROOT / "README.md").read_text()
    for name, end in (("demo", "defacto demo out"), ("tests", "/pytest -n auto")):
        block = re.search(rf"<!-- command: {name} -->\n```bash\n(.*?)\n```", readme, flags=re.DOTALL)
        assert block
        assert "\n" not in block[1]
        assert block[1].endswith(end)


def test_the_readme_tells_the_exit_codes_of_the_tool():
    told = re.findall(r"^\| (\d+) \| (.*?) \|$", (ROOT / "README.md").read_text(), flags=re.MULTILINE)
    lines = str(make_parser().epilog).splitlines()[1:]
    assert told == [tuple(line.split(maxsplit=1)) for line in lines]


def test_versions_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__
    assert f"\nversion: {__version__}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"## {__version__} " in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize(
    ("name", "content", "refused"),
    [
        ("src/defacto/anatomy/data/template.nii.gz", b"", False),
        ("src/defacto/anatomy/data/more/template.nii.gz", b"", True),
        ("other/src/defacto/anatomy/data/template.nii.gz", b"", True),
        ("tests/head.nii.gz", b"", True),
        ("head.MGZ", b"", True),
        ("notes.txt", b"hello", False),
        ("notes.txt", bytes(344) + b"n+1\0" + bytes(300), True),
        ("notes.gz", gzip.compress(bytes(344) + b"n+1\0" + bytes(300), mtime=0), True),
        ("series/IM0001", bytes(128) + b"DICM" + bytes(300), True),
    ],
)
def test_the_hook_refuses_heads(tmp_path, name, content, refused):
    file = tmp_path / "file"
    file.write_bytes(content)
    assert bool(hook.refusal(name, hook.first_bytes(file))) == refused


def test_no_heads_are_in_the_repository():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            assert hook.refusal(name, hook.first_bytes(ROOT / name)) is None, name
