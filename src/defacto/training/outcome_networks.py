"""Networks that say from the looks of a scan how its defacing ended."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from defacto.render.surface import BACKGROUND, BRIGHTEST, CUT, CUT_CODE, DARKEST, NOTHING, SKIN
from defacto.types import Feature, Outcome

OUTCOMES, PARTS = len(Outcome), len(Feature) + 2
LOGITS = 2 * OUTCOMES + PARTS
"""Outcome where ears count, outcome where they do not, each feature, brain lost, tissue elsewhere gone."""
_VIEWS = 3


class _Residual(nn.Module):
    """Two convolutions beside a shortcut (doi:10.1109/CVPR.2016.90)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.path = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = (
            nn.Identity()
            if (inputs, stride) == (outputs, 1)
            else nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        )

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.path(x) + self.shortcut(x))


def _encoder(inputs: int, widths: tuple[int, int, int, int]) -> nn.Sequential:
    a, b, c, d = widths
    return nn.Sequential(
        nn.Conv2d(inputs, a, 3, 2, 1, bias=False),
        nn.BatchNorm2d(a),
        nn.ReLU(),
        _Residual(a, b, 2),
        _Residual(b, c, 2),
        _Residual(c, d, 2),
        _Residual(d, d, 1),
    )


class RenderNet(nn.Module):
    """Ours: three views of the surface and a slice, each as a map of evidence; the maps' means add up.

    The right view is seen mirrored, by the same weights as the left.

    Parameters
    ----------
    widths : tuple of int
        Channels at 2, 4, 8 and 16 pixels.
    """

    def __init__(self, widths: tuple[int, int, int, int] = (16, 32, 64, 128)) -> None:
        super().__init__()
        self.views = _encoder(4, widths)
        self.slice = _encoder(1, widths)
        self.view_heads = nn.ModuleList(nn.Conv2d(widths[-1], LOGITS, 1, bias=False) for _ in range(_VIEWS))
        self.slice_head = nn.Conv2d(widths[-1], LOGITS, 1)

    def forward(self, shade: Tensor, depth: Tensor, plane: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits, shape (n, `LOGITS`), and the maps that they are the means of.

        Parameters
        ----------
        shade, depth : Tensor of uint8, shape (n, 3, 165, 135)
        plane : Tensor of uint8, shape (n, 128, 128)

        Returns
        -------
        logits : Tensor, shape (n, `LOGITS`)
        view_maps : Tensor, shape (n, 3, `LOGITS`, 11, 9)
        slice_map : Tensor, shape (n, `LOGITS`, 8, 8)
        """
        planes = _planes(shade, depth)
        planes = torch.stack([planes[:, 0], planes[:, 1].flip(-1), planes[:, 2]], dim=1)
        seen = self.views(planes.flatten(0, 1).contiguous(memory_format=torch.channels_last))
        seen = seen.unflatten(0, (-1, _VIEWS))
        maps = [head(seen[:, view]) for view, head in enumerate(self.view_heads)]
        maps[1] = maps[1].flip(-1)
        view_maps = torch.stack(maps, dim=1)
        slice_map = self.slice_head(self.slice(plane[:, None].float() / 128 - 1))
        logits = view_maps.mean(dim=(3, 4)).sum(dim=1) + slice_map.mean(dim=(2, 3))
        return logits, view_maps, slice_map


def _planes(shade: Tensor, depth: Tensor) -> Tensor:
    """Return brightness, depth, where there is anything, and where the scan ends: shape (n, 3, 4, h, w)."""
    there, cut = shade != NOTHING, shade == CUT_CODE
    bright = (shade.float() - DARKEST).clamp(min=0) / 128 - 1
    near = torch.where(there, (depth.float() - 141) / 64, 2.0)
    return torch.stack([bright, near, there.float(), cut.float()], dim=2)


class DelbarreNet(nn.Module):
    """The network of Delbarre et al. 2022 (doi:10.1016/j.compbiomed.2022.106211) on two views side by side.

    Four convolutions with ReLU, a max-pool after each, two dropouts between three dense layers. The paper
    does not tell the widths; these are ours.

    Parameters
    ----------
    widths : tuple of int
        Channels of the convolutions.
    dense : tuple of int
        Units of the first two dense layers.
    """

    def __init__(
        self, widths: tuple[int, int, int, int] = (16, 32, 64, 64), dense: tuple[int, int] = (128, 64)
    ) -> None:
        super().__init__()
        levels = (torch.arange(256).float() - DARKEST).clamp(min=0) / (255 - DARKEST)
        palette = levels[:, None] * BRIGHTEST * torch.tensor(SKIN)
        palette[NOTHING], palette[CUT_CODE] = torch.tensor(BACKGROUND).float(), torch.tensor(CUT).float()
        self.register_buffer("palette", palette.clamp(max=255) / 255, persistent=False)
        layers: list[nn.Module] = []
        for inputs, outputs in zip((3, *widths), widths, strict=False):
            layers += [nn.Conv2d(inputs, outputs, 3), nn.ReLU(), nn.MaxPool2d(2)]
        self.features = nn.Sequential(*layers)
        self.dense = nn.Sequential(
            nn.Flatten(),
            nn.Linear(widths[-1] * 8 * 15, dense[0]),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.Linear(dense[0], dense[1]),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.Linear(dense[1], OUTCOMES),
        )
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):  # as Keras begins, in which the paper's was written
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)

    def forward(self, shade: Tensor) -> Tensor:
        """Return logits, shape (n, 4), of views, shape (n, 3, 165, 135); the front is not looked at."""
        side_by_side = torch.cat([shade[:, 0], shade[:, 1]], dim=2)
        picture = self.palette[side_by_side.long()].permute(0, 3, 1, 2)
        return self.dense(self.features(picture))
