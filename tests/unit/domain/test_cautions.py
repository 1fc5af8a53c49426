"""Cautions as one table cell."""

from pipeline.domain.cautions import Caution, join_codes


def test_codes_are_joined_once_each_in_order_of_appearance() -> None:
    """Two cautions of one code give it once."""
    codes = ("truncated-ABH", "no-mass", "truncated-ABH", "far")
    cautions = [Caution(code, f"Number {n}.", "measure") for n, code in enumerate(codes)]

    assert join_codes(cautions) == "truncated-ABH;no-mass;far"


def test_no_cautions_give_an_empty_cell() -> None:
    """There is no code for none."""
    assert join_codes(()) == ""
