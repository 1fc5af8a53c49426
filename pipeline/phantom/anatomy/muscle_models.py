"""The kinds of muscles that a foot can be given, each by a construction of its own."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.phantom.anatomy.bellies import make_tapered
from pipeline.phantom.anatomy.contoured_bellies import make_contoured
from pipeline.phantom.anatomy.envelope import Envelope
from pipeline.phantom.anatomy.filled_compartments import make_filled
from pipeline.phantom.anatomy.foot_kind import FootKind
from pipeline.phantom.anatomy.generalised_cylinders import Field
from pipeline.phantom.anatomy.joint_pose import Posture
from pipeline.phantom.anatomy.lattice import Lattice
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.anatomy.sparse_bellies import make_sparse


class Muscles(Protocol):
    """Muscles whose sizes are settled, and the fascia and skin around them."""

    @property
    def envelope(self) -> Envelope:
        """Fascia and skin, on the lattice on which the sizes were settled."""
        ...

    def grown(self, lattice: Lattice, fascia: Field) -> NDArray[np.uint8]:
        """Label each point of a lattice by the belly that it belongs to, 0 for none.

        Parameters
        ----------
        fascia
            Signed distance to the fascia at those points, mm.
        """
        ...


CONSTRUCTIONS: Mapping[FootKind, Callable[[Posture, Lattice, FootShape], Muscles]] = (
    MappingProxyType(
        {
            FootKind.TAPERED: make_tapered,
            FootKind.FILLED: make_filled,
            FootKind.SPARSE: make_sparse,
            FootKind.CONTOURED: make_contoured,
        }
    )
)
"""From a posture and a coarse lattice over it to muscles of the shape's volumes."""
