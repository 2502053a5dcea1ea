"""The mailbox on PostgreSQL: each call is one statement, which is a transaction of its own, and one round trip.

Call by call (begin, take, write the event, commit) a worker would spend more time on the way to the server than on a
short handler: of some thousand no-op handlers a second, three quarters went there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any, Final

from sqlalchemy import Connection, Engine, TextClause, event, text
from sqlalchemy.exc import DisconnectionError

from aperture_plugin.ports import Order, StopRequest, WorkerEvent
from aperture_plugin.rules.runs import AttemptKey
from aperture_plugin.store.mailbox import SqlMailbox, body_text, event_of
from aperture_plugin.store.readable import readable
from aperture_plugin.store.tables import worker_events

__all__ = ["PostgresMailbox", "ping_after_a_rest"]

_TRUSTED_SECONDS: Final = 1.0
"""A connection that was used so lately is taken for alive."""

_UNSYNCED: Final = "unsynced AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))"
"""Joined by each statement that writes: its commit does not wait for the disk."""

# The status is looked up order by order: as a join it was read for all orders before one was picked, 21 ms with 500.
_NEXT: Final = """
next AS MATERIALIZED (
    SELECT o.run_id, o.attempt FROM orders o, unsynced
    WHERE o.queue = :queue AND o.worker IS NULL AND o.stop_reason IS NULL
        AND (SELECT r.status FROM runs r WHERE r.id = o.run_id AND r.attempt = o.attempt) = 'running'
    ORDER BY o.run_id, o.attempt LIMIT 1 FOR UPDATE OF o SKIP LOCKED
)"""

_NAMED: Final = """
next AS MATERIALIZED (
    SELECT o.run_id, o.attempt FROM orders o, unsynced
    WHERE o.run_id = :run AND o.attempt = :attempt AND o.worker IS NULL AND o.stop_reason IS NULL
        AND (SELECT r.status FROM runs r WHERE r.id = o.run_id AND r.attempt = o.attempt) = 'running'
    FOR UPDATE OF o
)"""

_TAKEN: Final = """
taken AS (
    UPDATE orders o SET worker = :worker FROM next n
    WHERE o.run_id = n.run_id AND o.attempt = n.attempt
    RETURNING o.run_id, o.attempt, o.sender, o.queue, o.body
),
begun AS (
    INSERT INTO worker_events (sender, run_id, attempt, body)
    SELECT t.sender, t.run_id, t.attempt, :begun FROM taken t
)
SELECT * FROM taken"""

_EVENTS: Final = """
    INSERT INTO worker_events (sender, run_id, attempt, body)
    SELECT o.sender, o.run_id, o.attempt, e.body
    FROM unsynced, unnest(CAST(:runs AS text[]), CAST(:attempts AS integer[]), CAST(:bodies AS text[]))
        WITH ORDINALITY AS e (run_id, attempt, body, place)
    JOIN orders o ON o.run_id = e.run_id AND o.attempt = e.attempt
    WHERE CAST(:worker AS text) IS NULL OR o.worker = :worker
    ORDER BY e.place"""

_TELL: Final = text(f"WITH {_UNSYNCED} {_EVENTS}")
_TAKE: Final = text(f"WITH {_UNSYNCED}, {_NAMED}, {_TAKEN}")
_TAKE_NEXT: Final = text(f"WITH {_UNSYNCED}, {_NEXT}, {_TAKEN}")
_TELL_AND_TAKE_NEXT: Final = text(f"WITH {_UNSYNCED}, told AS ({_EVENTS}), {_NEXT}, {_TAKEN}")
_TAKE_OUT: Final = text(  # made of constants
    f"WITH {_UNSYNCED} DELETE FROM worker_events e USING unsynced WHERE e.sender = :sender"  # noqa: S608
    " RETURNING e.seq, e.sender, e.run_id, e.attempt, e.body"
)


class PostgresMailbox(SqlMailbox):
    """The `Mailbox` of a PostgreSQL store."""

    def take(self, key: AttemptKey, worker: str, *, begun: Mapping[str, Any]) -> Order | None:
        """See `SqlMailbox.take`."""
        return self._taken(_TAKE, {"run": key[0], "attempt": key[1], "worker": worker, "begun": body_text(begun)})

    def take_next(
        self, queue: str, worker: str, *, told: Sequence[WorkerEvent], begun: Mapping[str, Any]
    ) -> Order | None:
        """See `SqlMailbox.take_next`."""
        given = {"queue": queue, "worker": worker, "begun": body_text(begun)}
        return self._taken(_TELL_AND_TAKE_NEXT, given | _columns(told)) if told else self._taken(_TAKE_NEXT, given)

    def tell(self, worker: str | None, events: Sequence[WorkerEvent]) -> None:
        """See `SqlMailbox.tell`."""
        if events:
            with self._at_once() as connection:
                connection.execute(_TELL, {"worker": worker, **_columns(events)})

    def exchange(
        self,
        sender: str,
        *,
        placed: Sequence[Order] = (),
        asked: Sequence[StopRequest] = (),
        removed: Sequence[AttemptKey] = (),
    ) -> list[WorkerEvent]:
        """See `SqlMailbox.exchange`."""
        if placed or asked or removed:
            return super().exchange(sender, placed=placed, asked=asked, removed=removed)
        with self._at_once() as connection:
            rows = connection.execute(_TAKE_OUT, {"sender": sender}).all()
        return list(readable(worker_events, sorted(rows, key=lambda row: row.seq), event_of))

    def _taken(self, statement: TextClause, given: Mapping[str, Any]) -> Order | None:
        with self._at_once() as connection:
            row = connection.execute(statement, given).first()
        if row is None:
            return None
        return Order(key=(row.run_id, row.attempt), sender=row.sender, queue=row.queue, body=json.loads(row.body))

    @contextmanager
    def _at_once(self) -> Iterator[Connection]:
        """Enter a connection on which each statement commits by itself."""
        with self._connected() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")


def ping_after_a_rest(engine: Engine) -> None:
    """Make *engine* replace a connection that has died while it rested.

    It is what `pool_pre_ping` does for every use, at three round trips each.
    """

    def note_use(_connection: object, record: Any) -> None:
        record.info["used_at"] = monotonic()

    def check(connection: Any, record: Any, _proxy: object) -> None:
        if monotonic() - record.info.get("used_at", monotonic()) <= _TRUSTED_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError(str(error)) from error

    event.listen(engine, "checkin", note_use)
    event.listen(engine, "checkout", check)


def _columns(events: Sequence[WorkerEvent]) -> dict[str, Any]:
    return {
        "runs": [event.key[0] for event in events],
        "attempts": [event.key[1] for event in events],
        "bodies": [body_text(event.body) for event in events],
    }
