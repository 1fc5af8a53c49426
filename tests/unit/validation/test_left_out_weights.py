"""Networks that have not seen a kind of feet."""

import pytest

from pipeline.phantom.anatomy.foot_kind import FootKind
from pipeline.segmenters.network.weights import load_weights
from validation.left_out_weights import weights_without


@pytest.mark.integration
def test_each_half_of_the_kinds_has_networks_of_its_own() -> None:
    """The U-Nets are those of the package."""
    found = {kind: weights_without(kind) for kind in FootKind}

    first, other = found[FootKind.TAPERED], found[FootKind.SPARSE]
    assert first.muscle_boundary.session is not other.muscle_boundary.session
    assert all(w.fine is load_weights().fine for w in found.values())
