"""The skew of a machine's clock: when it is large enough to be reported, and the words for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, TypeGuard

from aperture_plugin.words.duration_display import short_duration

__all__ = ["differs", "is_skewed", "skew_text"]

_SKEWED_SECONDS: Final = 1.0
_NOTABLE_SECONDS: Final = 0.1


def is_skewed(seconds: float | None) -> TypeGuard[float]:
    """Return whether a clock that is *seconds* ahead is off by enough to be reported."""
    return seconds is not None and abs(seconds) > _SKEWED_SECONDS


def differs(seconds: float | None, published: float | None) -> bool:
    """Return whether a skew has moved so far from the one *published* that it is published anew."""
    if seconds is None or published is None:
        return seconds is not published
    return abs(seconds - published) >= _NOTABLE_SECONDS


def skew_text(seconds: float) -> str:
    """Return how far a clock that is *seconds* ahead is off.

    >>> skew_text(600.2), skew_text(-2.5)
    ("10 min ahead of the store's", "2.5 s behind the store's")
    """
    return f"{short_duration(timedelta(seconds=abs(seconds)))} {'ahead of' if seconds > 0 else 'behind'} the store's"
