"""Optimiser, and averaging of weights."""

import torch
from torch import nn
from torch.optim import AdamW, Muon

_WEIGHT_DECAY = 1e-3


class Optimiser:
    """Muon for convolution filters, AdamW for all other weights.

    Parameters
    ----------
    net
        In memory format ``channels_last_3d``, so that a view of each filter bank is a
        matrix.

    Notes
    -----
    Jordan et al. 2024 (Muon): an orthogonalised step moves along all directions of a filter
    bank, that of AdamW mainly along a few. A filter bank is one matrix with a row for each
    output channel. From random weights, the coarse network reached a Dice of bones of 0.44
    after 250 scans; with AdamW it had not after 1048.
    """

    def __init__(self, net: nn.Module) -> None:
        self._filters = [weight for weight in net.parameters() if weight.ndim > 1]
        self._matrices = [
            nn.Parameter(_inputs_last(weight.data).view(len(weight), -1))  # or raises
            for weight in self._filters
        ]
        others = [weight for weight in net.parameters() if weight.ndim == 1]
        self._optimisers = (
            Muon(self._matrices, weight_decay=_WEIGHT_DECAY, adjust_lr_fn="match_rms_adamw"),
            AdamW(others, weight_decay=_WEIGHT_DECAY),
        )

    def step(self, rate: float) -> None:
        """Update the weights by the gradients of the network, then clear these."""
        for matrix, weight in zip(self._matrices, self._filters, strict=True):
            if weight.grad is not None:
                matrix.grad = _inputs_last(weight.grad).reshape(matrix.shape)
                weight.grad = None
        for optimiser in self._optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)

    def state_dict(self) -> dict[str, object]:
        """Give the state of both optimisers, by their names."""
        return {type(o).__name__: o.state_dict() for o in self._optimisers}

    def load_state_dict(self, state: dict[str, dict[str, object]]) -> None:
        """Restore the state that `state_dict` gave."""
        for optimiser in self._optimisers:
            optimiser.load_state_dict(state[type(optimiser).__name__])


@torch.no_grad()
def update_average(averaged: nn.Module, net: nn.Module, weight: float) -> None:
    """Update an exponential moving average of weights; `weight` is that of the new ones."""
    for mean, current in zip(averaged.parameters(), net.parameters(), strict=True):
        mean.lerp_(current, weight)


def _inputs_last(filters: torch.Tensor) -> torch.Tensor:
    return filters.permute(0, 2, 3, 4, 1)
