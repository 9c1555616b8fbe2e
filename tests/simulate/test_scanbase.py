import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from defacto.anatomy.morphology import fill_holes
from defacto.errors import VolumeError
from defacto.io import volume
from defacto.simulate.base import TEMPLATE, load_base
from defacto.simulate.bases import load_bases
from defacto.simulate.contrast import Contrast, draw_contrast, make_palette
from defacto.simulate.head import draw_head, make_head
from defacto.simulate.ranges import Ranges
from defacto.simulate.scanbase import load_scan_base
from defacto.simulate.structures import is_brain
from defacto.types import Feature

HEADS = Path(__file__).parents[3] / "shared" / "data" / "heads"
REMOVED_BELOW = 0.55


@pytest.fixture(scope="module")
def made():
    ranges = Ranges(
        voxel_mm=(1.6, 1.6),
        thick_share=0.0,
        cut_share=0.0,
        hole_share=0.0,
        ghost_share=0.0,
        wrap_share=0.0,
        lie_share=0.0,
        oblique_share=0.0,
        storages=("RAS",),
    )
    return make_head(load_base(), draw_head(np.random.default_rng(3), TEMPLATE, ranges))


@pytest.fixture(scope="module")
def scan_file(made, tmp_path_factory):
    path = tmp_path_factory.mktemp("scan") / "a_person.nii.gz"
    volume.write(path, made.scan)
    return path


@pytest.fixture(scope="module")
def base(scan_file):
    return load_scan_base(scan_file)


def test_a_scan_is_a_base_head_with_its_own_skin_and_brain(base, made):
    voxel_ml = made.scan.grid.voxel_ml
    size = abs(np.linalg.det(made.to_base))
    assert base.name == "a_person"
    assert base.scanned
    head_ml = np.count_nonzero(made.surface_mm < 0) * voxel_ml * size
    brain_ml = np.count_nonzero(is_brain(made.structures)) * voxel_ml * size
    assert np.count_nonzero(base.surface_mm < 0) / 1000 == pytest.approx(head_ml, rel=0.08)
    assert np.count_nonzero(is_brain(base.structures)) / 1000 == pytest.approx(
        1.15 * brain_ml, rel=0.15
    )  # with furrows
    skin = base.features[np.abs(base.surface_mm) < 1]
    assert set(np.unique(skin)) >= {feature.label for feature in Feature}


def test_persons_are_made_of_it_as_of_any_other(base):
    ranges = Ranges(contrasts={"T1w": 1.0}, voxel_mm=(2.0, 2.0), thick_share=0.0)
    head = make_head(base, draw_head(np.random.default_rng(1), base.name, ranges))
    bright = head.scan.volume
    assert bright[is_brain(head.structures)].mean() > 3 * bright[head.surface_mm > 4].mean()


@pytest.mark.parametrize("kind", [Contrast.T1W, Contrast.RANDOM])
def test_air_stays_darkest_whatever_the_contrast(base, kind):
    for seed in range(20):
        palette = make_palette(base, draw_contrast(np.random.default_rng(seed), kind))
        assert palette.means[0] == palette.means.min()


@pytest.mark.slow
def test_a_head_without_a_face_is_refused(made, tmp_path):
    image = np.array(made.scan.volume)
    front, low = (image.shape[axis] * REMOVED_BELOW for axis in (1, 2))
    image[:, int(front) :, : int(low)] = 0
    nib.save(nib.Nifti1Image(image, made.scan.grid.affine), tmp_path / "cut.nii.gz")
    with pytest.raises(VolumeError, match="cannot be a base head"):
        load_scan_base(tmp_path / "cut.nii.gz")


def test_scans_count_only_where_there_are_no_label_maps(scan_file, tmp_path):
    shutil.copy(scan_file, tmp_path / "one.nii.gz")
    assert list(load_bases(tmp_path)) == ["one"]
    (tmp_path / "two_labels.nii.gz").write_bytes(b"")
    assert list(load_bases(tmp_path)) == ["two"]


def test_a_section_is_filled_by_itself():
    ring = np.ones((5, 5), dtype=bool)
    ring[1:4, 1:4] = False
    assert fill_holes(ring).all()


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif(not HEADS.is_dir(), reason="needs ../shared/data/heads")
def test_real_heads_are_base_heads_and_one_without_a_nose_in_view_is_not():
    for name in ("uih1_t1", "fernando_t2", "ixi012_t1_2mm"):
        base = load_scan_base(HEADS / f"{name}.nii.gz")
        assert 1100 < np.count_nonzero(is_brain(base.structures)) / 1000 < 1600
    with pytest.raises(VolumeError, match="nose"):
        load_scan_base(HEADS / "pyrad1_t1gd.nii.gz")
