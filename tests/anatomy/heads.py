"""A head whose place is known: the template's own, moved, without a registration wherever none is tested."""

from dataclasses import replace
from functools import cache
from itertools import permutations, product

import numpy as np

from defacto.anatomy import Context, load_template
from defacto.anatomy.brain import at_skin
from defacto.anatomy.context import find_seen_brain
from defacto.anatomy.head import find_head, hull_mm
from defacto.anatomy.morphology import distance_mm
from defacto.anatomy.network import Segmentation
from defacto.anatomy.pose import Pose
from defacto.anatomy.regions import OF_FEATURE, Region
from defacto.anatomy.registration import Registration
from defacto.io.arrays import scan_from_arrays
from defacto.types import Grid


def motion(turns_deg=(0.0, 0.0, 0.0), scale=1.0, shift_mm=(0.0, 0.0, 0.0)):
    """Return the matrix that scales, turns about right, anterior and superior, and shifts."""
    linear = np.eye(3) * scale
    for axis, degrees in enumerate(turns_deg):
        a, b = (axis + 1) % 3, (axis + 2) % 3
        turn = np.eye(3)
        turn[a, a] = turn[b, b] = np.cos(np.deg2rad(degrees))
        turn[a, b], turn[b, a] = -np.sin(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
        linear = turn @ linear
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = linear, shift_mm
    return matrix


@cache
def template_scan(dtype="int16"):
    """Return the template as a scan, in its own world."""
    template = load_template()
    return scan_from_arrays(template.head, template.grid.affine, dtype=dtype)


def moved_scan(matrix, volume=None, dtype="int16"):
    """Return the template as a scan whose world is moved: `matrix` takes the template's world to its own."""
    template = load_template()
    values = template.head if volume is None else volume
    return scan_from_arrays(values, matrix @ template.grid.affine, dtype=dtype)


@cache
def _expected_brain_mm():
    return distance_mm(load_template().p_brain > 0.5) - 1.0


@cache
def _template_hull_mm():
    return hull_mm(load_template().head)


def known_context(grid, to_template=None, check_to_template=None, seen=None, scan=None):
    """What `locate` finds, given these registrations; the skin is the template's, or that of a scan."""
    matrix = np.eye(4) if to_template is None else to_template
    check = matrix if check_to_template is None else check_to_template
    brain_seen = None if seen is None else find_seen_brain(seen, matrix)
    context = Context(grid, Registration(matrix, check, 1.0, 1.2, 0), _expected_brain_mm(), seen, brain_seen)
    hull = _template_hull_mm() if scan is None else hull_mm(context.to_template(scan.volume))
    no_brain = None if hull is None or brain_seen is None else at_skin(hull, brain_seen)
    return replace(context, hull_mm=hull, no_brain=no_brain)


EYES_MM = ((-30.0, 70.0, -33.0), (30.0, 70.0, -33.0))


@cache
def template_regions():
    """Return the regions of the template's head, as the network would label it: brain in one piece."""
    template = load_template()
    head = find_head(template.head, template.grid)
    labels = np.where(head, np.uint8(Region.HEAD), np.uint8(Region.AIR))
    for feature, region in OF_FEATURE.items():
        labels[head & (template.features == feature.label)] = region
    world = np.indices(template.grid.shape).reshape(3, -1)
    world = template.grid.affine[:3, :3] @ world + template.grid.affine[:3, 3:]
    for place in EYES_MM:
        ball = ((world - np.array(place)[:, None]) ** 2).sum(axis=0) < 12**2
        labels[ball.reshape(labels.shape)] = Region.EYES
    labels[template.p_brain > 0.5] = Region.CEREBRAL_WM
    return labels


def seen_template(matrix=None, turn=None):
    """Return what the networks would say of `moved_scan(matrix)`, which lies turned so."""
    matrix = np.eye(4) if matrix is None else matrix
    grid = Grid(load_template().grid.shape, matrix @ load_template().grid.affine)
    to_upright = np.eye(3) if turn is None else turn
    return Segmentation(
        grid,
        template_regions(),
        load_template().p_brain > 0.1,
        Pose(to_upright, matrix[:3, 3], 15, 15, 100.0),
    )


def storage_orders():
    """Return the 48 ways in which the axes of a volume can be stored."""
    return [(order, signs) for order in permutations(range(3)) for signs in product((1, -1), repeat=3)]


def stored_as(volume, affine, order, signs):
    """Return the same volume with its axes stored in another order and direction, and its affine."""
    turned = np.zeros((4, 4))
    turned[3, 3] = 1
    out = volume.transpose(order)
    for axis, sign in enumerate(signs):
        turned[order[axis], axis] = sign
        if sign < 0:
            out = np.flip(out, axis)
            turned[order[axis], 3] = out.shape[axis] - 1
    return np.ascontiguousarray(out), affine @ turned


def stored_back(volume, order, signs):
    """Undo `stored_as` for a volume."""
    for axis, sign in enumerate(signs):
        if sign < 0:
            volume = np.flip(volume, axis)
    return volume.transpose(np.argsort(order))
