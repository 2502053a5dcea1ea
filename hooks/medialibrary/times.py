"""Instants as the library writes them: UTC, whole seconds, `2026-01-10T02:00:00Z`."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["instant_of", "instant_text", "now"]


def now() -> datetime:
    """Return the present instant in UTC, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def instant_text(instant: datetime) -> str:
    """Return *instant* as the library writes it; such texts sort as their instants do.

    >>> instant_text(datetime(2026, 1, 10, 2, tzinfo=UTC))
    '2026-01-10T02:00:00Z'
    """
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant_of(text: str) -> datetime:
    """Return the instant in *text*.

    Raises:
        ValueError: It writes none, or one without an offset.
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f'"{text}" does not say its offset from UTC')
    return instant.astimezone(UTC)
