"""Voxels go back into the pixels that they came from, whatever way slices lie; else nothing is written."""

from dataclasses import replace

import made_dicom
import numpy as np
import pydicom
import pytest

from defacto.errors import DicomError
from defacto.io import volume
from defacto.io.convert import convert
from defacto.io.dicom import find_series
from defacto.io.dicom_pixels import put_back

AXIAL, SAGITTAL, CORONAL = [1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, -1], [1, 0, 0, 0, 0, -1]
OBLIQUE = [0.9397, 0.342, 0, -0.3420, 0.9397, 0]


def write(folder, orientation, *, slices=8, backwards=False, skip=(), volumes=1, **tags):
    """Write a series of random pixels whose slices lie as they should."""
    random = np.random.default_rng(4)
    normal = np.cross(orientation[:3], orientation[3:]) * (-1 if backwards else 1)
    uid = made_dicom.generate_uid()
    for time in range(volumes):
        paths = made_dicom.write_series(
            folder,
            slices=slices,
            skip=skip,
            first=time * slices,
            SeriesInstanceUID=uid,
            **made_dicom.MPRAGE | tags,
        )
        places = [place for place in range(slices) if place not in skip]
        for place, path in zip(places, paths, strict=True):
            data = pydicom.dcmread(path)
            data.ImageOrientationPatient = orientation
            data.ImagePositionPatient = [round(float(x), 4) for x in normal * place * 2 + [3, -5, 7]]
            data.AcquisitionNumber = data.TemporalPositionIdentifier = time + 1
            data.PixelData = random.integers(0, 4000, (16, 16)).astype("<u2").tobytes()
            data.save_as(path)
    return only(folder)


def only(folder):
    (series,), _ = find_series(folder)
    return series


def converted(series, folder):
    folder.mkdir()
    return volume.read(convert(series, folder).path)


def with_voxels(scan, stored):
    return replace(scan, stored=stored)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("orientation", [AXIAL, SAGITTAL, CORONAL, OBLIQUE])
def test_a_mask_lands_on_the_pixels_it_was_drawn_on(tmp_path, orientation, backwards):
    series = write(tmp_path / "in", orientation, backwards=backwards)
    scan = converted(series, tmp_path / "work")
    mask = np.random.default_rng(5).random(scan.grid.shape) < 0.3
    stored = scan.stored.copy()
    stored[mask] = 0
    images = list(put_back(series, with_voxels(scan, stored), mask))
    for image in images:
        (tmp_path / "out").mkdir(exist_ok=True)
        image.data.PixelData = image.pixels.tobytes()
        image.data.save_as(tmp_path / "out" / f"{image.data.InstanceNumber}.dcm")
    again = converted(only(tmp_path / "out"), tmp_path / "again")
    assert np.array_equal(again.stored, stored)
    assert np.allclose(again.grid.affine, scan.grid.affine)


def test_an_empty_mask_changes_nothing(tmp_path):
    series = write(tmp_path / "in", SAGITTAL)
    scan = converted(series, tmp_path / "work")
    for image in put_back(series, scan, np.zeros(scan.grid.shape, dtype=bool)):
        assert image.pixels.tobytes() == image.data.PixelData


def test_slices_behind_a_gap_are_found(tmp_path):
    series = write(tmp_path / "in", SAGITTAL, slices=12, skip=(5,))
    scan = converted(series, tmp_path / "work")
    assert len(list(put_back(series, scan, np.zeros(scan.grid.shape, dtype=bool)))) == 11


def test_all_volumes_of_a_series_get_the_mask(tmp_path):
    series = write(tmp_path / "in", AXIAL, volumes=3)
    scan = converted(series, tmp_path / "work")
    assert scan.stored.shape[3] == 3
    mask = np.zeros(scan.grid.shape, dtype=bool)
    mask[2, 3, 4] = True
    stored = scan.stored.copy()
    stored[mask] = 0
    images = list(put_back(series, with_voxels(scan, stored), mask))
    changed = [
        int((image.pixels[0] != np.frombuffer(image.data.PixelData, "<u2").reshape(16, 16)).sum())
        for image in images
    ]
    assert sum(changed) == 3
    assert max(changed) == 1


def test_a_multi_frame_file_keeps_its_frames(tmp_path):
    made_dicom.write_enhanced(tmp_path / "in", frames=20)
    series = only(tmp_path / "in")
    scan = converted(series, tmp_path / "work")
    mask = np.zeros(scan.grid.shape, dtype=bool)
    mask[:, :, 3] = True
    stored = scan.stored.copy()
    stored[mask] = 0
    (image,) = put_back(series, with_voxels(scan, stored), mask)
    assert image.pixels.shape == (20, 16, 16)
    assert [frame for frame in range(20) if not image.pixels[frame].any()] == [3]


def test_bits_that_pixels_do_not_use_are_emptied(tmp_path):
    series = write(tmp_path / "in", AXIAL)
    scan = converted(series, tmp_path / "work")
    path = series.files[2].path
    data = pydicom.dcmread(path)
    data.PixelData = (np.frombuffer(data.PixelData, "<u2") | 0x5000).astype("<u2").tobytes()
    data.save_as(path)
    images = list(put_back(series, scan, np.zeros(scan.grid.shape, dtype=bool)))
    assert max(int(image.pixels.max()) for image in images) < 4096


def test_pixels_that_are_not_those_of_the_conversion_are_refused(tmp_path):
    series = write(tmp_path / "in", AXIAL)
    scan = converted(series, tmp_path / "work")
    stored = scan.stored.copy()
    stored[1, 2, 3] += 1
    empty = np.zeros(scan.grid.shape, dtype=bool)
    with pytest.raises(DicomError, match="other pixels than its conversion"):
        list(put_back(series, with_voxels(scan, stored), empty))
    with pytest.raises(DicomError, match="another shape"):
        list(put_back(series, with_voxels(scan, stored[:, :-1]), empty[:, :-1]))


def test_a_file_that_went_is_told(tmp_path):
    series = write(tmp_path / "in", AXIAL)
    scan = converted(series, tmp_path / "work")
    (tmp_path / "in" / series.files[0].path).unlink()
    with pytest.raises(DicomError, match="can no longer be read"):
        list(put_back(series, scan, np.zeros(scan.grid.shape, dtype=bool)))


def test_a_conversion_with_scaled_values_goes_back_through_the_scale(tmp_path):
    series = write(tmp_path / "in", AXIAL, RescaleSlope=2, RescaleIntercept=-10, RescaleType="US")
    scan = converted(series, tmp_path / "work")
    stored = (scan.stored.astype(np.float32) * scan.slope + scan.intercept).copy()
    scaled = replace(scan, stored=stored, slope=1.0, intercept=0.0)
    mask = np.zeros(scan.grid.shape, dtype=bool)
    mask[4:6] = True
    stored[mask] = -10
    for image in put_back(series, scaled, mask):
        before = np.frombuffer(image.data.PixelData, "<u2").reshape(1, 16, 16)
        gone = image.pixels != before
        assert 0 < gone.sum() <= 32
        assert not image.pixels[gone].any()
