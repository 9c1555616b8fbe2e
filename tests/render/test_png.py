import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from defacto.render import to_png, write_png

PICTURE = np.random.default_rng(3).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def chunks(content):
    at, names = 8, []
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        names.append(content[at + 4 : at + 8])
        at += 12 + length
    return names


@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
@settings(max_examples=40, deadline=None)
def test_what_is_written_is_what_is_read(picture):
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(to_png(picture)))), picture)


def test_no_metadata():
    assert chunks(to_png(PICTURE)) == [b"IHDR", b"IDAT", b"IEND"]


def test_same_bytes_in_any_memory_order():
    assert to_png(PICTURE) == to_png(np.asfortranarray(PICTURE))


def test_file_is_replaced_whole(tmp_path):
    path = tmp_path / "view.png"
    path.write_bytes(b"old")
    write_png(path, PICTURE)
    assert path.read_bytes() == to_png(PICTURE)
    assert [p.name for p in tmp_path.iterdir()] == ["view.png"]


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "view.png"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="Expected uint8"):
        write_png(path, PICTURE.astype(np.float32))
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 4), (0, 4, 3)])
def test_only_rgb(shape):
    with pytest.raises(ValueError, match="rows, columns, 3"):
        to_png(np.zeros(shape, dtype=np.uint8))
