"""Commits as PostgreSQL tells of them: whoever writes notifies, and a connection of its own listens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

__all__ = ["CHANNEL", "CommitsHeard"]

CHANNEL: Final = "aperture"


class CommitsHeard:
    """Tells of the commits of others; a source for `Ears`.

    A pooler that stands between may tell of nothing: then not even our own commits are heard, and the ears know.

    Args:
        engine: Returns what connects; None where the store is closed.
        mine: What this process says when it notifies.
    """

    def __init__(self, engine: Callable[[], Engine | None], mine: str) -> None:
        self._engine = engine
        self._mine = mine.encode()
        self._connection: psycopg.Connection[Any] | None = None

    def open(self) -> int:
        """Begin to listen; return what to wait at."""
        engine = self._engine()
        if engine is None:
            raise OSError("it is closed")
        try:
            pooled = engine.raw_connection()
            connection: psycopg.Connection[Any] = cast("psycopg.Connection[Any]", pooled.driver_connection)
            self._connection = connection
            pooled.detach()  # It is ours from here on.
            connection.autocommit = True
            connection.execute(f"LISTEN {CHANNEL}")
        except (SQLAlchemyError, psycopg.Error) as error:
            raise OSError(str(error)) from error
        return connection.fileno()

    def hear(self) -> bool:
        """Take in all there is; say whether another process has committed."""
        assert self._connection is not None, "it listens"
        news = False
        try:
            self._connection.pgconn.consume_input()
            while (told := self._connection.pgconn.notifies()) is not None:
                news = news or told.extra != self._mine
        except psycopg.Error as error:
            raise OSError(str(error)) from error
        return news

    def close(self) -> None:
        """Listen no more."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
