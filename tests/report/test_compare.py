"""The page of a comparison says what its rows say, and needs no other file."""

import csv
import re

import numpy as np
import pytest

from defacto.config import Settings
from defacto.errors import SettingsError
from defacto.render import write_png
from defacto.report.compare import PAGE, check_folder, write_comparison
from defacto.report.compare.figures import box_plot, sheet
from defacto.studies.compare import picture_path
from defacto.studies.summary import summarise
from report.compared_made_up import rows


@pytest.fixture
def out(tmp_path):
    (tmp_path / "pictures").mkdir()
    for name in ("original", "good", "bad"):
        write_png(picture_path(tmp_path, "sub-00_T1w", name), np.full((40, 160, 3), 90, np.uint8))
    write_png(picture_path(tmp_path, "sub-05_T1w", "bad"), np.full((40, 160, 3), 30, np.uint8))
    write_comparison(summarise(rows(), Settings()), tmp_path)
    return tmp_path


def table(out, name):
    with (out / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_the_page_opens_offline_and_shows_counts_with_intervals(out):
    page = (out / PAGE).read_text(encoding="utf-8")
    assert not re.findall(r"(?:src|href)=\"(?!#|data:)", page)
    assert "3 methods on 10 heads" in page
    assert re.search(r"bad.*?<td>2<small>20\.0 %<br>2\.5 to 55\.6", page, flags=re.DOTALL)
    assert "1 of 3" in page
    assert "2 of 3 pairs" in page
    assert page.count("data:image/png;base64") == 3 + 1 + 1


def test_tables_hold_every_row(out):
    assert len(table(out, "heads.tsv")) == 30
    assert [each["method"] for each in table(out, "methods.tsv")] == ["auto", "good", "bad"]
    assert len(table(out, "paired.tsv")) == 3
    assert {each["kind"] for each in table(out, "strata.tsv")} == {"contrast", "slices", "age"}
    assert "nan" not in (out / "heads.tsv").read_text()
    assert {path.name for path in (out / "figures").iterdir()} == {
        "head_removed.png", "brain_lost.png", "seconds.png", "one_head.png", "worst_bad.png",
    }  # fmt: skip


def test_it_can_be_written_again_and_nothing_else_is_overwritten(out, tmp_path_factory):
    check_folder(out)
    other = tmp_path_factory.mktemp("other")
    (other / "thesis.txt").touch()
    with pytest.raises(SettingsError, match=r"thesis\.txt"):
        check_folder(other)
    with pytest.raises(SettingsError, match="is a file"):
        check_folder(other / "thesis.txt")
    check_folder(other / "new")


def test_a_box_lies_where_its_values_do():
    picture = box_plot("t", "ml", {"low": [1.0, 1.1, 1.2, 9.0], "high": [8.0, 8.5, 9.0], "none": []})
    boxes = (picture == (120, 168, 214)).all(axis=2)
    rows_of = np.flatnonzero(boxes.any(axis=1))
    low, high = boxes[rows_of[2]], boxes[rows_of[-3]]
    assert np.flatnonzero(low).max() < np.flatnonzero(high).min()


def test_of_no_picture_there_is_no_sheet(tmp_path):
    assert sheet([("absent", tmp_path / "absent.png")], 2) is None
