"""Read-only arrays, and the pickling of types that hold read-only data."""

from dataclasses import fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def read_only(values: ArrayLike, dtype: DTypeLike | None = None) -> NDArray[Any]:
    """Copy an array and lock the copy; an array that is locked already is kept."""
    if (
        isinstance(values, np.ndarray)
        and values.dtype == (dtype or values.dtype)
        and values.flags.owndata  # a view may change with the array that it views
        and not values.flags.writeable
    ):
        return values
    copied = np.array(values, dtype=dtype)
    copied.flags.writeable = False
    return copied


def reduce_to_constructor(
    instance: "DataclassInstance",
) -> tuple[type[Any], tuple[Any, ...]]:
    """Pickle a dataclass as its constructor and its fields; assign it to ``__reduce__``.

    Notes
    -----
    A `MappingProxyType` cannot be pickled, and an unpickled array is writeable. A plain dict
    is pickled instead, and the constructor checks and locks both again.
    """
    values = (getattr(instance, field.name) for field in fields(instance))
    return type(instance), tuple(
        dict(value) if isinstance(value, MappingProxyType) else value for value in values
    )
