"""The networks: a small U-Net that halves its window three times, and one for borders."""

import torch
from torch import nn
from torch.nn import functional

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.segmenters.network.boundary import FEATURES
from pipeline.segmenters.network.prediction import OTHER

CLASSES = OTHER + 1
MUSCLE_CLASSES = len(MUSCLE_NAMES) + 1  # 0 is whatever is no muscle
CHANNELS = (16, 32, 64, 96)
_LAST = 24
_HIDDEN = 48
_BORDER_HIDDEN = 64

Size = tuple[int, int, int]


class FootNet(nn.Module):
    """Give each voxel of a window a score for each class.

    Parameters
    ----------
    split
        How many voxels along each axis are shown for each voxel that is labelled; in those
        that are shown, muscles are told apart from each other and from the rest.

    Notes
    -----
    Ronneberger et al. 2015 (MICCAI), Cicek et al. 2016 in 3-D; skips are added, not
    stacked, to spare time. Instance norm sees other statistics on a part of a foot than on
    the whole, so the window has one size for good. Fine voxels come in by a stride and go out
    as channels (Shi et al. 2016, CVPR), so that they cost next to nothing.
    """

    def __init__(self, split: Size = (1, 1, 1)) -> None:
        super().__init__()
        self.split = split
        full, half, quarter, eighth = CHANNELS
        x, y, z = split
        self.stem = _step(1, full, (3 * x, 3 * y, 3 * z), split)
        self.down1 = nn.Sequential(_step(full, half, stride=(2, 2, 2)), _step(half, half))
        self.down2 = nn.Sequential(
            _step(half, quarter, stride=(2, 2, 2)), _step(quarter, quarter)
        )
        self.down3 = nn.Sequential(
            _step(quarter, eighth, stride=(2, 2, 2)), _step(eighth, eighth)
        )
        self.rise2, self.up2 = nn.Conv3d(eighth, quarter, 1), _step(quarter, quarter)
        self.rise1, self.up1 = nn.Conv3d(quarter, half, 1), _step(half, half)
        self.rise0, self.up0 = nn.Conv3d(half, _LAST, 1), _step(_LAST, _LAST)
        self.skip0 = nn.Conv3d(full, _LAST, 1)
        self.head = nn.Conv3d(_LAST, CLASSES, 1)
        if self.is_split:
            self.muscles = nn.Sequential(
                nn.Conv3d(_LAST, _HIDDEN, 1),
                nn.LeakyReLU(0.01),
                nn.Conv3d(_HIDDEN, MUSCLE_CLASSES * x * y * z, 1),
            )

    @property
    def is_split(self) -> bool:
        """Whether muscles are told apart in finer voxels than the rest."""
        return self.split != (1, 1, 1)

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

    def scores_at(
        self, image: torch.Tensor, voxels: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Score some voxels only, by flat index: most of a window is air.

        Returns
        -------
        scores, muscle_scores
            (voxels, classes); (voxels, classes of muscle, voxels shown for each), None if
            the network is not split.
        """
        chosen = self.features(image).permute(0, 2, 3, 4, 1).reshape(-1, _LAST)[voxels]
        as_image = chosen.T[None, :, :, None, None]
        scores = self.head(as_image)[0, :, :, 0, 0].T
        if not self.is_split:
            return scores, None
        return scores, self.muscles(as_image)[0, :, :, 0, 0].T.unflatten(
            1, (MUSCLE_CLASSES, -1)
        )

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Give the chance of each class, (1, classes, x, y, z), and of each muscle.

        The latter in the voxels that are shown, and only if the network is split.
        """
        features = self.features(image)
        chances = _chances(self.head(features))
        if not self.is_split:
            return (chances,)
        parts = self.muscles(features).unflatten(1, (MUSCLE_CLASSES, *self.split))
        x, y, z = chances.shape[2:]
        fine = parts.permute(0, 1, 5, 2, 6, 3, 7, 4).reshape(
            1, MUSCLE_CLASSES, *(n * s for n, s in zip((x, y, z), self.split, strict=True))
        )
        return chances, _chances(fine)


class BorderModel(nn.Module):
    """Give each voxel the part of it that is muscle or bone, by what lies about it and which.

    Parameters
    ----------
    labels
        How many, 0 among them.
    """

    mean: torch.Tensor
    spread: torch.Tensor
    offsets: torch.Tensor

    def __init__(self, labels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(FEATURES))
        self.register_buffer("spread", torch.ones(FEATURES))
        self.register_buffer("offsets", torch.zeros(labels))  # log odds
        self.by_features = nn.Linear(FEATURES, _BORDER_HIDDEN)
        self.by_label = nn.Embedding(labels, _BORDER_HIDDEN)
        self.layers = nn.Sequential(
            nn.ReLU(),
            nn.Linear(_BORDER_HIDDEN, _BORDER_HIDDEN),
            nn.ReLU(),
            nn.Linear(_BORDER_HIDDEN, 1),
        )

    def scale_to(self, features: torch.Tensor) -> None:
        """Bring each feature to mean 0 and SD 1 over these (voxels, `FEATURES`)."""
        self.mean.copy_(features.mean(0))
        self.spread.copy_(features.std(0) + 1e-6)

    def odds(self, features: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Give the log odds, (voxels,), of what the labels say, as learnt."""
        scaled = (features - self.mean) / self.spread
        odds: torch.Tensor = self.layers(self.by_features(scaled) + self.by_label(labels))
        return odds[:, 0]

    def forward(self, features: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Give the part of each voxel that is such, (voxels,), 0 to 1."""
        return torch.sigmoid(self.odds(features, labels) + self.offsets[labels])


def _chances(scores: torch.Tensor) -> torch.Tensor:
    """Softmax in steps: onnxruntime takes nine tenths of its time for its own over classes."""
    powers = torch.exp(scores - scores.amax(dim=1, keepdim=True))
    return powers / powers.sum(dim=1, keepdim=True)


def _step(
    inside: int, outside: int, kernel: Size = (3, 3, 3), stride: Size = (1, 1, 1)
) -> nn.Sequential:
    x, y, z = kernel
    middle = (x // 3, y // 3, z // 3)  # kernels span three strides, or three voxels
    return nn.Sequential(
        nn.Conv3d(inside, outside, kernel, stride, padding=middle, bias=False),
        nn.InstanceNorm3d(outside, affine=True),
        nn.LeakyReLU(0.01, inplace=True),
    )


def _twice(values: torch.Tensor) -> torch.Tensor:
    return functional.interpolate(values, scale_factor=2, mode="nearest")
