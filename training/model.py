"""The network: a small U-Net that halves its window three times."""

import torch
from torch import nn
from torch.nn import functional

CHANNELS = (8, 32, 64, 96)
_LAST = 16


class FootNet(nn.Module):
    """Give each voxel of a window a score for each class.

    Parameters
    ----------
    classes
        Number of scores.

    Notes
    -----
    Ronneberger et al. 2015 (MICCAI), Cicek et al. 2016 in 3-D; skips are added, not
    stacked, to spare time. Instance norm sees other statistics on a part of a foot than on
    the whole, so the window has one size for good.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        full, half, quarter, eighth = CHANNELS
        self.stem = _step(1, full)
        self.down1 = nn.Sequential(_step(full, half, stride=2), _step(half, half))
        self.down2 = nn.Sequential(_step(half, quarter, stride=2), _step(quarter, quarter))
        self.down3 = nn.Sequential(_step(quarter, eighth, stride=2), _step(eighth, eighth))
        self.rise2, self.up2 = nn.Conv3d(eighth, quarter, 1), _step(quarter, quarter)
        self.rise1, self.up1 = nn.Conv3d(quarter, half, 1), _step(half, half)
        self.rise0, self.up0 = nn.Conv3d(half, _LAST, 1), _step(_LAST, _LAST)
        self.skip0 = nn.Conv3d(full, _LAST, 1)
        self.head = nn.Conv3d(_LAST, classes, 1)

    def features(self, image: torch.Tensor) -> torch.Tensor:
        """Give what the scores are made of; image (1, 1, x, y, z)."""
        full = self.stem(image)
        half = self.down1(full)
        quarter = self.down2(half)
        eighth = self.down3(quarter)
        quarter = self.up2(_twice(self.rise2(eighth)) + quarter)
        half = self.up1(_twice(self.rise1(quarter)) + half)
        features: torch.Tensor = self.up0(_twice(self.rise0(half)) + self.skip0(full))
        return features

    def scores_at(self, image: torch.Tensor, voxels: torch.Tensor) -> torch.Tensor:
        """Score some voxels only, by flat index: most of a window is air."""
        features = self.features(image)
        chosen = features.permute(0, 2, 3, 4, 1).reshape(-1, _LAST)[voxels]
        scores: torch.Tensor = functional.linear(
            chosen, self.head.weight.reshape(-1, _LAST), self.head.bias
        )
        return scores

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Give the chance of each class, (1, classes, x, y, z)."""
        return torch.softmax(self.head(self.features(image)), dim=1)


def _step(inside: int, outside: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv3d(inside, outside, 3, stride, padding=1, bias=False),
        nn.InstanceNorm3d(outside, affine=True),
        nn.LeakyReLU(0.01, inplace=True),
    )


def _twice(values: torch.Tensor) -> torch.Tensor:
    return functional.interpolate(values, scale_factor=2, mode="nearest")
