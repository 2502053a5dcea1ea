"""Bounds on the accepted files that a store keeps, and the digest that stands for an older one."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

__all__ = ["GENERATIONS_KEPT", "GENERATIONS_KNOWN", "forgotten_text"]

GENERATIONS_KEPT: Final = 20
GENERATIONS_KNOWN: Final = 1000
"""Texts before those: only their digest is kept, so that a start with one of them is no news."""


def forgotten_text(text: str) -> str:
    """Return what stands in place of the text of an accepted file that is not kept any more."""
    return f"sha256:{sha256(text.encode()).hexdigest()}"
