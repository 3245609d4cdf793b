"""Value objects that are nothing but many numbers, kept in one array: a fifth of the memory and a tenth of the time to make."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable
from dataclasses import MISSING, fields
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, cast

if TYPE_CHECKING:
    Numbers = array[float]
else:
    Numbers = array

T = TypeVar("T", bound="NumberRecord")


class NumberRecord(Numbers):
    """Base of a dataclass (`init=False, eq=False`) whose fields are all numbers; `fields`, `replace` and `astuple` work.

    An object for each number, as an ordinary dataclass has, made the forty numbers of a picture a third of what a library of
    a hundred thousand photos takes in memory (benchmarks/results/after_metadata.csv).
    """

    __slots__ = ()
    _field_count: ClassVar[int]

    def __new__(cls, *numbers: float, **named: float) -> Self:
        """Numbers in the order of the fields, or by name; those that are not given have their usual value."""
        usual = {each.name: each.default for each in fields(cls)}  # type: ignore[arg-type]  # a dataclass when it is made
        given = dict(zip(usual, numbers, strict=False)) | named
        values: list[Any] = [given.get(name, default) for name, default in usual.items()]
        if MISSING in values or not usual.keys() >= given.keys() or len(given) < len(numbers) + len(named):
            raise TypeError(f"{cls.__name__} of {len(numbers)} numbers and {sorted(named)}, where it has {list(usual)}")
        return cast("Self", super().__new__(cls, "d", values))

    @classmethod
    def from_numbers(cls, numbers: Iterable[float]) -> Self:
        """From all numbers in the order of the fields; raises ValueError when there are more or fewer."""
        return cls._counted(cast("Self", super().__new__(cls, "d", numbers)))

    @classmethod
    def from_float32(cls, packed: bytes) -> Self:
        """The same from little-endian float32 numbers, which it keeps so."""
        # Of an array it makes one of just that size, of bytes one with room for more.
        record = cast("Self", super().__new__(cls, "f", array("f", packed)))
        if sys.byteorder == "big":
            record.byteswap()
        return cls._counted(record)

    @classmethod
    def _counted(cls, record: Self) -> Self:
        if len(record) != cls._field_count:
            raise ValueError(f"{len(record)} numbers where {cls.__name__} have {cls._field_count}")
        return record

    def to_numbers(self) -> tuple[float, ...]:
        """All numbers in the order of the fields."""
        return tuple(self)

    def __setitem__(self, *_: object) -> None:
        """Refused: it is a value."""
        raise TypeError(f"{type(self).__name__} cannot be changed")


def in_an_array(cls: type[T]) -> type[T]:
    """Makes the fields of a dataclass of numbers read from its array."""
    for position, each in enumerate(fields(cls)):  # type: ignore[arg-type]
        setattr(cls, each.name, property(itemgetter(position)))
    cls._field_count = len(fields(cls))  # type: ignore[arg-type]
    return cls
