"""Jitter: the delay of the start of one slot's run."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import blake2b

__all__ = ["jitter_of"]


def jitter_of(job: str, due: datetime, longest: timedelta) -> timedelta:
    """Return the delay of the slot (*job*, *due*): the same every time it is asked, 0 to *longest*.

    >>> jitter_of("a", datetime(2026, 1, 1), timedelta(0))
    datetime.timedelta(0)
    """
    if not longest:
        return longest
    digest = blake2b(f"{job}@{due.isoformat()}".encode(), digest_size=8).digest()
    return timedelta(microseconds=int.from_bytes(digest) * (longest // timedelta(microseconds=1)) >> 64)
