"""The networks."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class _Block(nn.Module):
    """Convolution, instance normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.convolution = nn.Conv3d(inputs, outputs, 3, padding=1, bias=False)
        self.norm = nn.InstanceNorm3d(outputs, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.convolution(x)
        if self.training and len(x) == 1:  # the same, without copies to another memory layout
            x = functional.batch_norm(x, None, None, self.norm.weight, self.norm.bias, training=True)
        else:
            x = self.norm(x)
        return functional.relu(x)


class AnatomyNet(nn.Module):
    """A 3D U-Net (doi:10.1007/978-3-319-46723-8_49) that works on blocks of 2 x 2 x 2 voxels.

    Parameters
    ----------
    classes : int
        Regions to tell apart.
    widths : tuple of int
        Channels of blocks of 2, 4, 8 and 16 voxels.
    """

    def __init__(self, classes: int, widths: tuple[int, int, int, int] = (32, 64, 112, 160)) -> None:
        super().__init__()
        a, b, c, d = widths
        self.classes = classes
        self.stem = nn.Conv3d(1, a, 2, stride=2)
        self.down = nn.ModuleList(
            [
                nn.Sequential(_Block(a, a), _Block(a, a)),
                nn.Sequential(_Block(a, b), _Block(b, b)),
                nn.Sequential(_Block(b, c), _Block(c, c)),
                nn.Sequential(_Block(c, d), _Block(d, d)),
            ]
        )
        self.raise_ = nn.ModuleList(
            [nn.ConvTranspose3d(high, low, 2, stride=2) for high, low in ((d, c), (c, b), (b, a))]
        )
        self.up = nn.ModuleList([nn.Sequential(_Block(n, n), _Block(n, n)) for n in (c, b, a)])
        self.head = nn.Conv3d(a, 8 * classes, 1)

    def blocks(self, x: Tensor) -> Tensor:
        """Return logits of the 8 voxels of each block, shape (n, i / 2, j / 2, k / 2, 8, classes)."""
        x = self.stem(x)
        kept = []
        for n, block in enumerate(self.down):
            x = block(functional.max_pool3d(x, 2) if n else x)
            kept.append(x)
        for step, block, before in zip(self.raise_, self.up, reversed(kept[:-1]), strict=True):
            x = block(step(x) + before)
        return self.head(x).permute(0, 2, 3, 4, 1).unflatten(-1, (8, self.classes))

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, shape (n, i, j, k, classes), of volumes of shape (n, 1, i, j, k); sides of 16 m."""
        blocks = self.blocks(x)
        n, i, j, k = (int(size) for size in blocks.shape[:4])
        blocks = blocks.reshape(n, i, j, k, 2, 2, 2, self.classes).permute(0, 1, 4, 2, 5, 3, 6, 7)
        return blocks.reshape(n, 2 * i, 2 * j, 2 * k, self.classes)


def to_blocks(labels: Tensor) -> Tensor:
    """Return labels, shape (n, i, j, k), in the order of `AnatomyNet.blocks`: (n, i / 2, j / 2, k / 2, 8)."""
    n, i, j, k = labels.shape
    parted = labels.reshape(n, i // 2, 2, j // 2, 2, k // 2, 2).permute(0, 1, 3, 5, 2, 4, 6)
    return parted.reshape(n, i // 2, j // 2, k // 2, 8)
