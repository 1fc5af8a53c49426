"""Numbers as text."""

import pandas as pd

from pipeline.domain.comparison import Interval


def is_missing(value: object) -> bool:
    """Whether a cell is empty."""
    return value is None or bool(pd.isna(value))  # type: ignore[call-overload]


def fixed(value: object, decimals: int = 1) -> str:
    """Format a number with a fixed number of decimals; ``n/a`` where it is missing."""
    if is_missing(value):
        return "n/a"
    text = f"{float(str(value)):.{decimals}f}"
    is_zero = not text.strip("-0.")
    return text.removeprefix("-") if is_zero else text.replace("-", "\N{MINUS SIGN}")


def interval(ends: Interval | None, decimals: int) -> str:
    """Format an interval."""
    low, high = (ends.low, ends.high) if ends else (None, None)
    return f"{fixed(low, decimals)} to {fixed(high, decimals)}"


def p_value(p: float | None) -> str:
    """Format a p value; ``< 0.001`` below that."""
    return "< 0.001" if p is not None and p < 0.001 else fixed(p, 3)


def p_equals(p: float | None) -> str:
    """Format a p value with its sign, to follow the letter p."""
    text = p_value(p)
    return f"= {text}" if text[0].isdigit() else text
