"""Texts as vectors: a text's vector is made of the vectors of its terms.

The term vectors are used in the same way however they were learned (see `learning.py`), so a new title needs only
Python's standard library, and the stored table is readable.
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from operator import mul

from .terms import terms_of

__all__ = ["TermVectors", "Vector", "alike", "embed", "pack", "unpack"]

Vector = Sequence[float]
TermVectors = Mapping[str, Vector]
"""The vector of each known term, already weighted by how rare the term is; all of one length."""


def embed(text: str, terms: TermVectors) -> list[float]:
    """Return the vector of *text*, of length 1; all zeros where it has no known term, empty without any terms."""
    size = len(next(iter(terms.values()), ()))
    total = [0.0] * size
    for term, count in Counter(terms_of(text)).items():
        vector = terms.get(term)
        if vector is not None:
            # A word said ten times matters more than one said once, and not ten times as much.
            weight = 1.0 + math.log(count)
            total = [sum_so_far + weight * part for sum_so_far, part in zip(total, vector, strict=True)]
    length = math.hypot(*total)
    return [part / length for part in total] if length > 0 else total


def alike(one: Vector, other: Vector) -> float:
    """Return how much two embedded texts are alike, from -1 to 1; 0 where one of them has no known term."""
    score: float = sum(map(mul, one, other))
    return score


def pack(vector: Vector) -> bytes:
    """Return *vector* as a database keeps it: little-endian floats of four bytes."""
    return struct.pack(f"<{len(vector)}f", *vector)


def unpack(blob: bytes) -> tuple[float, ...]:
    """Return the vector in *blob*, the result of `pack`, in the precision of a float."""
    return struct.unpack(f"<{len(blob) // 4}f", blob)
