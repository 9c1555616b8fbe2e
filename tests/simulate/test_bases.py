from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from defacto.anatomy.resample import straight_grid
from defacto.errors import VolumeError
from defacto.simulate.base import TEMPLATE, load_base
from defacto.simulate.bases import join, load_bases, load_label_base, stored_fits
from defacto.simulate.fit import STEP_MM, Fit
from defacto.simulate.labelmap import depth_in_view_mm, name_structures, read_label_map
from defacto.simulate.structures import FREESURFER, Structure, is_brain
from defacto.types import Feature

LABELS = Path(__file__).parents[3] / "shared" / "data" / "labels"
needs_labels = pytest.mark.skipif(not LABELS.is_dir(), reason="needs ../shared/data/labels")


def write_map(path, *, lower_end=40):
    """Write a round head: skin over skull over brain, cut below; 4 mm, stored LIA."""
    i, j, k = np.indices((60, 64, 70)) * 4.0
    radius = np.sqrt(((i - 118) / 78) ** 2 + ((j - 126) / 96) ** 2 + ((k - 170) / 100) ** 2)
    labels = np.zeros(radius.shape, dtype=np.int16)
    for limit, label in ((1, 511), (0.92, 515), (0.84, 24), (0.8, 3), (0.6, 2)):
        labels[radius < limit] = label
    labels[:, :, : lower_end // 4] = 0
    affine = np.diag([4.0, 4, 4, 1])
    affine[:3, 3] = -118, -126, -160
    image = nib.Nifti1Image(labels, affine)
    turned = image.as_reoriented(nib.orientations.axcodes2ornt("LIA"))
    nib.save(turned, path)
    return path


def no_shift():
    nodes = straight_grid(load_base().grid, STEP_MM)
    return Fit(np.eye(4), np.zeros((*nodes.shape, 3), dtype=np.float32), nodes)


def test_the_template_alone_where_no_folder_is_given():
    bases = load_bases()
    assert list(bases) == [TEMPLATE]
    assert bases[TEMPLATE].load() is load_base()


def test_a_folder_without_heads_is_refused(tmp_path):
    with pytest.raises(VolumeError, match="got none"):
        load_bases(tmp_path)


def test_names_come_from_the_files(tmp_path):
    write_map(tmp_path / "one_labels.nii.gz")
    (tmp_path / "else.nii.gz").write_bytes(b"")
    assert list(load_bases(tmp_path)) == ["one"]


def test_every_structure_but_made_ones_has_labels_of_its_own():
    values = [value for each in FREESURFER.values() for value in each]
    assert len(values) == len(set(values))
    assert set(Structure) - set(FREESURFER) == {Structure.AIR, Structure.FAT}


def test_unknown_labels_are_soft_tissue():
    assert name_structures(np.array([0, 999, 42], dtype=np.int16)).tolist() == [
        Structure.AIR,
        Structure.MUSCLE,
        Structure.CEREBRAL_GM,
    ]


def test_a_map_is_read_in_any_order_and_knows_where_it_is_cut(tmp_path):
    labels = read_label_map(write_map(tmp_path / "a_labels.nii.gz", lower_end=120))
    assert nib.aff2axcodes(labels.grid.affine) == ("R", "A", "S")
    assert (2, 0) in labels.cuts
    assert (2, 1) not in labels.cuts
    depth = depth_in_view_mm(labels, np.eye(4), labels.grid)
    i, j, k = (n // 2 for n in depth.shape)
    assert depth[i, j, 0] < 0 < depth[i, j, k]


def test_a_brain_without_a_head_is_refused(tmp_path):
    path = tmp_path / "b_labels.nii.gz"
    nib.save(nib.Nifti1Image(np.full((8, 8, 8), 3, dtype=np.int16), np.eye(4)), path)
    with pytest.raises(VolumeError, match=r"b_labels.nii.gz: expected .* skin \(511\)"):
        read_label_map(path)


def test_joined_heads_have_their_own_cranium_and_the_templates_chin(tmp_path):
    labels = read_label_map(write_map(tmp_path / "c_labels.nii.gz", lower_end=120))
    base = join(labels, no_shift(), load_base())
    own = tuple(np.rint(base.grid.to_voxel @ (0, 0, 50, 1))[:3].astype(int))
    assert base.structures[own] == Structure.CEREBRAL_WM
    chin = tuple(np.rint(base.grid.to_voxel @ (0, 80, -115, 1))[:3].astype(int))
    assert base.surface_mm[chin] < 0
    assert (base.structures[base.surface_mm < -8] != Structure.SKIN).all()
    shell = np.abs(base.surface_mm) < 1
    assert (base.structures[shell] == Structure.SKIN).mean() > 0.98


@pytest.mark.real
@needs_labels
def test_known_label_maps_are_found_by_their_content(tmp_path):
    copy = tmp_path / "renamed_labels.nii.gz"
    copy.write_bytes((LABELS / "head08_labels.nii.gz").read_bytes())
    assert read_label_map(copy).digest in stored_fits()
    base = load_label_base(copy)
    assert base.name == "renamed"
    assert 0.9e6 < is_brain(base.structures).sum() < 1.9e6
    eyes = {
        side: np.argwhere(
            (base.structures == Structure.EYE) & (np.arange(base.grid.shape[0]) < middle)[:, None, None]
        ).mean(axis=0)
        for side, middle in (("left", -base.grid.affine[0, 3]),)
    }
    place = (base.grid.affine @ (*eyes["left"], 1))[:3]
    assert np.abs(place - (-30, 76, -33)).max() < 12
    for feature in Feature:
        assert ((base.features == feature.label) & (np.abs(base.surface_mm) < 1)).sum() > 400
