"""The muscle model of each kind of foot."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.phantom.anatomy.contoured_bellies import make_contoured
from pipeline.phantom.anatomy.envelope import Envelope
from pipeline.phantom.anatomy.filled_compartments import make_filled
from pipeline.phantom.anatomy.foot_kind import FootKind
from pipeline.phantom.anatomy.generalised_cylinders import Field
from pipeline.phantom.anatomy.joint_pose import PosedStructures
from pipeline.phantom.anatomy.lattice import Lattice
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.anatomy.sparse_bellies import make_sparse
from pipeline.phantom.anatomy.tapered_bellies import make_tapered


class MuscleModel(Protocol):
    """Muscles that have been fitted to their volumes, with fascia and skin around them."""

    @property
    def envelope(self) -> Envelope:
        """Fascia and skin, on the lattice on which the muscles were fitted."""
        ...

    def rasterise(self, lattice: Lattice, fascia: Field) -> NDArray[np.uint8]:
        """Label each point of a lattice by muscle, 0 for none.

        Parameters
        ----------
        fascia
            Signed distance to the fascia at those points, mm.
        """
        ...


MUSCLE_MODELS: Mapping[
    FootKind, Callable[[PosedStructures, Lattice, FootShape], MuscleModel]
] = MappingProxyType(
    {
        FootKind.TAPERED: make_tapered,
        FootKind.FILLED: make_filled,
        FootKind.SPARSE: make_sparse,
        FootKind.CONTOURED: make_contoured,
    }
)
"""Make muscles with the volumes of a shape, from its structures and a coarse lattice."""
