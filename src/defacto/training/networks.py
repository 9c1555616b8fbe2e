"""The networks."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class _Block(nn.Module):
    """Convolution, instance normalisation, leaky ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.convolution = nn.Conv3d(inputs, outputs, 3, padding=1, bias=False)
        self.norm = nn.InstanceNorm3d(outputs, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        return functional.leaky_relu(self.norm(self.convolution(x)), 0.01)


class AnatomyNet(nn.Module):
    """A 3D U-Net (doi:10.1007/978-3-319-46723-8_49) whose first and last step halve and double the voxels.

    Parameters
    ----------
    classes : int
        Regions to tell apart.
    widths : tuple of int
        Channels at 5, 10, 20 and 40 mm.
    """

    def __init__(self, classes: int, widths: tuple[int, int, int, int] = (32, 64, 112, 160)) -> None:
        super().__init__()
        a, b, c, d = widths
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
        self.up = nn.ModuleList(
            [nn.Sequential(_Block(2 * n, n), _Block(n, n)) for n in (c, b)] + [_Block(2 * a, a)]
        )
        self.head = nn.ConvTranspose3d(a, classes, 2, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, shape (n, classes, i, j, k), of volumes of shape (n, 1, i, j, k); sides of 16 m."""
        x = self.stem(x)
        kept = []
        for n, block in enumerate(self.down):
            x = block(functional.max_pool3d(x, 2) if n else x)
            kept.append(x)
        for step, block, before in zip(self.raise_, self.up, reversed(kept[:-1]), strict=True):
            x = block(torch.cat([step(x), before], dim=1))
        logits: Tensor = self.head(x)
        return logits
