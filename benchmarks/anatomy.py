"""The networks of anatomy against what is known, on persons that they were not trained on.

``python benchmarks/anatomy.py made LABEL_MAPS_FOLDER PERSON ... [--heads 60]``: made heads of these persons,
in all contrasts, some defaced or skull-stripped, turned any way. Dice of the brain (furrows filled) and of
the nine regions on the scan's own voxels, the distance of the eyes' middles, the error of the pose.
``python benchmarks/anatomy.py real SCAN=BRAIN_MASK ...``: Dice of the brain against somebody else's mask;
against DLMUSE, whatever is above 0.
``python benchmarks/anatomy.py orders SCAN``: agreement of the 48 storage orders.
Intervals are 95 %, by bootstrap over heads (2,000 draws); of a share, Wilson's.
"""

from __future__ import annotations

import sys
import time
from itertools import permutations, product
from pathlib import Path

import numpy as np

from defacto.anatomy.morphology import closed
from defacto.anatomy.network import segment
from defacto.anatomy.pose import angle_deg, head_middle_mm
from defacto.anatomy.regions import NINE, Region, is_brain
from defacto.io import volume
from defacto.simulate.bases import load_bases
from defacto.training.anatomy_samples import COARSE_RANGES, defaced_head, draw_turn, upright
from defacto.types import Grid

LEAST_EYE_ML = 3.0
FEATURES = (Region.EYES, Region.NOSE, Region.MOUTH, Region.LEFT_EAR, Region.RIGHT_EAR)


def made(folder: Path, persons: list[str], heads: int) -> None:
    bases = {name: load_bases(folder)[name].load() for name in persons}
    rows = []
    for number in range(heads):
        rng = np.random.default_rng([20261121, number])
        base = bases[persons[number % len(persons)]]
        head, shown, truth, intact = defaced_head(rng, base, COARSE_RANGES)
        turn = draw_turn(rng, 180.0)
        matrix = np.eye(4)
        matrix[:3, :3] = turn
        grid = Grid(head.true_grid.shape, matrix @ head.true_grid.affine)
        begun = time.perf_counter()
        found = segment(shown, grid)
        seconds = time.perf_counter() - begun
        to_base = head.to_base @ np.linalg.inv(matrix)
        rows.append(
            {
                "contrast": head.parameters.contrast.kind,
                "intact": intact,
                "turned": angle_deg(turn),
                "tissue": dice(found.tissue, is_brain(truth)),
                "brain": dice(found.brain, filled(is_brain(truth), grid)),
                "nine": float(np.nanmean([dice(found.labels == r, truth == r) for r in NINE])),
                **{r.name.lower(): dice(found.labels == r, truth == r) for r in (*NINE, *FEATURES)},
                "eyes_mm": eye_distances(found.labels, truth, grid, to_base),
                "pose_deg": angle_deg(found.pose.to_upright @ turn @ upright(head).T),
                "middle_mm": float(
                    np.linalg.norm(
                        found.pose.center_mm - (np.linalg.inv(to_base) @ [*head_middle_mm(), 1.0])[:3]
                    )
                ),
                "seconds": seconds,
            }
        )
        each = rows[-1]
        print(
            f"{number:3} {base.name} {each['contrast']:20} {'intact' if intact else 'defaced':8}"
            f" {each['turned']:4.0f} deg  brain {each['brain']:.3f} nine {each['nine']:.3f}"
            f" eyes {', '.join(f'{mm:.1f}' for mm in each['eyes_mm']) or '-'} mm"
            f" pose {each['pose_deg']:.0f} deg",
            flush=True,
        )
    summary(rows)


def summary(rows: list[dict]) -> None:
    for title, some in (
        ("all", rows),
        ("intact", [row for row in rows if row["intact"]]),
        ("defaced", [row for row in rows if not row["intact"]]),
        *((kind, [row for row in rows if row["contrast"] == kind]) for kind in {r["contrast"] for r in rows}),
    ):
        if not some:
            continue
        print(f"{title} (n = {len(some)})")
        for name in ("brain", "tissue", "nine"):
            values = np.array([row[name] for row in some])
            low, high = interval(values)
            print(f"  {name:6} {values.mean():.3f} ({low:.3f} to {high:.3f}), least {values.min():.3f}")
        eyes = np.array([mm for row in some for mm in row["eyes_mm"]])
        if len(eyes):
            low, high = wilson(int((eyes <= 4).sum()), len(eyes))
            within = (eyes <= 4).mean()
            print(f"  eyes   {within:.1%} of {len(eyes)} within 4 mm ({low:.1%} to {high:.1%})")
            print(f"         median {np.median(eyes):.1f} mm")
    for name in (r.name.lower() for r in (*NINE, *FEATURES)):
        print(f"  {name:14} {np.nanmean([row[name] for row in rows]):.3f}")
    poses = np.array([row["pose_deg"] for row in rows])
    wrong = (poses > 30).sum()
    print(f"pose: median {np.median(poses):.1f} deg, {wrong} of {len(poses)} wrong by more than 30 deg")
    print(f"middle: median {np.median([row['middle_mm'] for row in rows]):.1f} mm")
    print(f"seconds: median {np.median([row['seconds'] for row in rows]):.2f}")


def filled(brain: np.ndarray, grid: Grid) -> np.ndarray:
    """Return the brain with its furrows filled: a closing by 4 mm."""
    return closed(np.pad(brain, 4), 4.0, grid.voxel_size_mm)[4:-4, 4:-4, 4:-4]


def eye_distances(found: np.ndarray, truth: np.ndarray, grid: Grid, to_base: np.ndarray) -> list[float]:
    """Return how far the middle of each whole eye is from where it is found, mm; infinite where it is not."""
    here, there = (halves(labels == Region.EYES, grid, to_base) for labels in (found, truth))
    result = []
    for one, other in zip(here, there, strict=True):
        if len(other) * grid.voxel_ml >= LEAST_EYE_ML:
            near = len(one) * grid.voxel_ml >= 0.1
            result.append(float(np.linalg.norm(one.mean(axis=0) - other.mean(axis=0))) if near else np.inf)
    return result


def halves(mask: np.ndarray, grid: Grid, to_base: np.ndarray) -> list[np.ndarray]:
    index = np.argwhere(mask)
    world = index @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    side = world @ to_base[0, :3] + to_base[0, 3]
    return [world[side < 0], world[side >= 0]]


def dice(one: np.ndarray, other: np.ndarray) -> float:
    total = np.count_nonzero(one) + np.count_nonzero(other)
    return float(2 * np.count_nonzero(one & other) / total) if other.any() else float("nan")


def interval(values: np.ndarray) -> tuple[float, float]:
    rng = np.random.default_rng(0)
    means = values[rng.integers(len(values), size=(2000, len(values)))].mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)


def wilson(right: int, count: int) -> tuple[float, float]:
    z, share = 1.96, right / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    reach = z * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return float(middle - reach), float(middle + reach)


def real(pairs: list[tuple[Path, Path]]) -> None:
    values = []
    for scan_path, mask_path in pairs:
        scan, mask = volume.read(scan_path), volume.read(mask_path).volume > 0
        begun = time.perf_counter()
        found = segment(scan.volume, scan.grid)
        seconds = time.perf_counter() - begun
        values.append((dice(found.brain, mask), dice(found.tissue, mask)))
        print(f"{scan_path.name:40} {values[-1][0]:.3f} {values[-1][1]:.3f}  {seconds:.1f} s", flush=True)
    for name, some in zip(("brain", "tissue"), np.array(values).T, strict=True):
        low, high = interval(some)
        print(f"{name}: mean {some.mean():.3f} ({low:.3f} to {high:.3f}), n = {len(some)}")


def orders(path: Path) -> None:
    scan = volume.read(path)
    reference, least = segment(scan.volume, scan.grid).labels, 1.0
    for order in permutations(range(3)):
        for signs in product((1, -1), repeat=3):
            turned = np.zeros((4, 4))
            turned[3, 3] = 1
            for axis, sign in enumerate(signs):
                turned[order[axis], axis] = sign
                turned[order[axis], 3] = 0 if sign > 0 else scan.grid.shape[order[axis]] - 1
            flips = [axis for axis, sign in enumerate(signs) if sign < 0]
            stored = np.ascontiguousarray(np.flip(scan.volume.transpose(order), flips))
            labels = segment(stored, Grid(stored.shape, scan.grid.affine @ turned)).labels
            back = np.flip(labels, flips).transpose(np.argsort(order))
            least = min(least, float((back == reference).mean()))
    print(f"{path.name}: least share of equal voxels over 48 orders {least:.5f}")


if __name__ == "__main__":
    words = sys.argv[2:]
    if sys.argv[1] == "made":
        heads = int(words[words.index("--heads") + 1]) if "--heads" in words else 60
        made(Path(words[0]), [word for word in words[1:] if word.startswith("head")], heads)
    elif sys.argv[1] == "real":
        real([(Path(word.split("=")[0]), Path(word.split("=")[1])) for word in words])
    else:
        orders(Path(words[0]))
