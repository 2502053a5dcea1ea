"""Notices commits on PostgreSQL: each writer sends NOTIFY, and a separate connection listens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

__all__ = ["CHANNEL", "NotifySource"]

CHANNEL: Final = "aperture"


class NotifySource:
    """Reports the commits of other processes; a `CommitSource` for the commit listener.

    A connection pooler may pass on no notifications. Then even the commits of this process are missing, and the
    listener notices that.

    Args:
        engine: Returns the engine to connect with; None if the store is closed.
        mine: The payload of this process's own notifications.
    """

    def __init__(self, engine: Callable[[], Engine | None], mine: str) -> None:
        self._engine = engine
        self._mine = mine.encode()
        self._connection: psycopg.Connection[Any] | None = None

    def open(self) -> int:
        """Begin to listen; return the file descriptor to wait for."""
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

    def read_events(self) -> bool:
        """Read all pending notifications; return whether another process has committed."""
        assert self._connection is not None, "it listens"
        news = False
        try:
            self._connection.pgconn.consume_input()
            while (found := self._connection.pgconn.notifies()) is not None:
                news = news or found.extra != self._mine
        except psycopg.Error as error:
            raise OSError(str(error)) from error
        return news

    def close(self) -> None:
        """Stop listening."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
