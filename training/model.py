"""The networks: a small 3-D U-Net, and a perceptron for boundary voxels."""

import torch
from torch import nn
from torch.nn import functional

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.segmenters.network.boundary import FEATURES
from pipeline.segmenters.network.prediction import OTHER

CLASSES = OTHER + 1
MUSCLE_CLASSES = len(MUSCLE_NAMES) + 1  # 0 is everything else
CHANNELS = (16, 32, 64, 96)
_LAST = 24
_HIDDEN = 48
_BOUNDARY_HIDDEN = 64

Size = tuple[int, int, int]


class FootNet(nn.Module):
    """U-Net with three downsampling steps: class probabilities of every voxel of a patch.

    Parameters
    ----------
    split
        Number of input voxels per labelled voxel, along each axis. If it is not 1, the network
        also classifies the muscle of each input voxel.

    Notes
    -----
    Ronneberger et al. 2015 (MICCAI), Cicek et al. 2016 for 3-D; skip connections are added,
    not concatenated, which is faster. The patch has a fixed size, as the statistics of
    instance normalisation depend on how much of the foot it contains. Input voxels enter
    through a strided convolution and leave as channels (sub-pixel convolution, Shi et al.
    2016, CVPR), at little cost.
    """

    def __init__(self, split: Size = (1, 1, 1)) -> None:
        super().__init__()
        self.split = split
        full, half, quarter, eighth = CHANNELS
        x, y, z = split
        self.stem = _block(1, full, (3 * x, 3 * y, 3 * z), split)
        self.down1 = nn.Sequential(_block(full, half, stride=(2, 2, 2)), _block(half, half))
        self.down2 = nn.Sequential(
            _block(half, quarter, stride=(2, 2, 2)), _block(quarter, quarter)
        )
        self.down3 = nn.Sequential(
            _block(quarter, eighth, stride=(2, 2, 2)), _block(eighth, eighth)
        )
        self.rise2, self.up2 = nn.Conv3d(eighth, quarter, 1), _block(quarter, quarter)
        self.rise1, self.up1 = nn.Conv3d(quarter, half, 1), _block(half, half)
        self.rise0, self.up0 = nn.Conv3d(half, _LAST, 1), _block(_LAST, _LAST)
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
        """Whether muscles are classified in finer voxels than the other classes."""
        return self.split != (1, 1, 1)

    def features(self, image: torch.Tensor) -> torch.Tensor:
        """Features of the last layer, (1, channels, x, y, z), of an image (1, 1, x, y, z)."""
        full = self.stem(image)
        half = self.down1(full)
        quarter = self.down2(half)
        eighth = self.down3(quarter)
        quarter = self.up2(_upsample(self.rise2(eighth)) + quarter)
        half = self.up1(_upsample(self.rise1(quarter)) + half)
        features: torch.Tensor = self.up0(_upsample(self.rise0(half)) + self.skip0(full))
        return features

    def logits_at(
        self, image: torch.Tensor, voxels: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Compute the logits of some voxels only, as most of a patch is air.

        Parameters
        ----------
        voxels
            Flat indices into the labelled voxels of the patch.

        Returns
        -------
        logits, muscle_logits
            (voxels, classes); (voxels, muscle classes, input voxels per voxel), None if the
            network is not split.
        """
        chosen = self.features(image).permute(0, 2, 3, 4, 1).reshape(-1, _LAST)[voxels]
        as_image = chosen.T[None, :, :, None, None]
        logits = self.head(as_image)[0, :, :, 0, 0].T
        if not self.is_split:
            return logits, None
        return logits, self.muscles(as_image)[0, :, :, 0, 0].T.unflatten(
            1, (MUSCLE_CLASSES, -1)
        )

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the probability of each class, (1, classes, x, y, z).

        A split network also gives that of each muscle, in the input voxels.
        """
        features = self.features(image)
        probabilities = _softmax(self.head(features))
        if not self.is_split:
            return (probabilities,)
        muscles = self.muscles(features).unflatten(1, (MUSCLE_CLASSES, *self.split))
        x, y, z = probabilities.shape[2:]
        fine = muscles.permute(0, 1, 5, 2, 6, 3, 7, 4).reshape(
            1, MUSCLE_CLASSES, *(n * s for n, s in zip((x, y, z), self.split, strict=True))
        )
        return probabilities, _softmax(fine)


class BoundaryModel(nn.Module):
    """Perceptron that estimates the fraction of a boundary voxel that is muscle or bone.

    Parameters
    ----------
    labels
        Number of labels, including the background.
    """

    mean: torch.Tensor
    spread: torch.Tensor
    offsets: torch.Tensor

    def __init__(self, labels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(FEATURES))
        self.register_buffer("spread", torch.ones(FEATURES))
        self.register_buffer("offsets", torch.zeros(labels))  # added to the logits, by label
        self.by_features = nn.Linear(FEATURES, _BOUNDARY_HIDDEN)
        self.by_label = nn.Embedding(labels, _BOUNDARY_HIDDEN)
        self.layers = nn.Sequential(
            nn.ReLU(),
            nn.Linear(_BOUNDARY_HIDDEN, _BOUNDARY_HIDDEN),
            nn.ReLU(),
            nn.Linear(_BOUNDARY_HIDDEN, 1),
        )

    def scale_to(self, features: torch.Tensor) -> None:
        """Standardise the inputs by the mean and SD of these features, (voxels, `FEATURES`)."""
        self.mean.copy_(features.mean(0))
        self.spread.copy_(features.std(0) + 1e-6)

    def logits(self, features: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Compute the logit of the fraction, (voxels,), without the offsets."""
        scaled = (features - self.mean) / self.spread
        logits: torch.Tensor = self.layers(self.by_features(scaled) + self.by_label(labels))
        return logits[:, 0]

    def forward(self, features: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Compute the fraction of each voxel that is the labelled structure, 0 to 1."""
        return torch.sigmoid(self.logits(features, labels) + self.offsets[labels])


def _softmax(logits: torch.Tensor) -> torch.Tensor:
    """Softmax over the classes in elementary operations, as that of onnxruntime is slow."""
    powers = torch.exp(logits - logits.amax(dim=1, keepdim=True))
    return powers / powers.sum(dim=1, keepdim=True)


def _block(
    channels_in: int, channels_out: int, kernel: Size = (3, 3, 3), stride: Size = (1, 1, 1)
) -> nn.Sequential:
    x, y, z = kernel
    padding = (x // 3, y // 3, z // 3)  # a kernel spans three strides, or three voxels
    return nn.Sequential(
        nn.Conv3d(channels_in, channels_out, kernel, stride, padding, bias=False),
        nn.InstanceNorm3d(channels_out, affine=True),
        nn.LeakyReLU(0.01, inplace=True),
    )


def _upsample(values: torch.Tensor) -> torch.Tensor:
    return functional.interpolate(values, scale_factor=2, mode="nearest")
