"""Orders for workers elsewhere, and their events: two tables beside the ledger's, written without its lock.

A worker that takes or ends an attempt must neither wait for a tick nor delay one. So each call is one short
transaction of its own, and its commit does not wait for the disk: if a power cut undoes it, the attempt is treated
like one whose worker died.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    RowMapping,
    Select,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from aperture_plugin.ports import Order, OrderState, StopRequest, WorkerEvent
from aperture_plugin.rules.runs import AttemptKey
from aperture_plugin.rules.sanitize import storable
from aperture_plugin.store.database_errors import store_error
from aperture_plugin.store.readable import readable
from aperture_plugin.store.rows import read_mapping
from aperture_plugin.store.tables import orders, runs, worker_events
from aperture_plugin.words.mask import Mask

__all__ = ["SqlMailbox", "body_text", "event_of"]

T = TypeVar("T")

_AT_ONCE: Final = 300
"""Rows or keys in one statement; SQLite may be built to take 999 variables."""

_KEY = tuple_(orders.c.run_id, orders.c.attempt)

_RUNS_STILL = exists().where(
    runs.c.id == orders.c.run_id, runs.c.attempt == orders.c.attempt, runs.c.status == "running"
)

_TAKE = (
    update(orders)
    .where(
        orders.c.run_id == bindparam("b_run"),
        orders.c.attempt == bindparam("b_attempt"),
        orders.c.worker.is_(None),
        orders.c.stop_reason.is_(None),
        _RUNS_STILL,
    )
    .values(worker=bindparam("b_worker"))
    .returning(orders.c.sender, orders.c.queue, orders.c.body)
)

_NEXT = (
    select(orders.c.run_id, orders.c.attempt)
    .where(
        orders.c.queue == bindparam("b_queue"), orders.c.worker.is_(None), orders.c.stop_reason.is_(None), _RUNS_STILL
    )
    .order_by(orders.c.run_id)
    .limit(1)
    .with_for_update(of=orders, skip_locked=True)  # PostgreSQL: what another worker is about to take is passed over.
)

_BEAT = (
    update(orders)
    .where(orders.c.worker == bindparam("b_worker"), _KEY.in_(bindparam("b_keys", expanding=True)))
    .values(beat=orders.c.beat + 1)
    .returning(orders.c.run_id, orders.c.attempt, orders.c.stop_reason, orders.c.force)
)

_ASK = (
    update(orders)
    .where(orders.c.run_id == bindparam("b_run"), orders.c.attempt == bindparam("b_attempt"))
    .values(
        stop_reason=func.coalesce(orders.c.stop_reason, bindparam("b_reason")),
        force=case((orders.c.force == 1, 1), else_=bindparam("b_force")),
    )
)

_EVENT_COLUMNS: Final = ("sender", "run_id", "attempt", "body")
_EVENT = select(orders.c.sender, orders.c.run_id, orders.c.attempt, bindparam("b_body")).where(
    orders.c.run_id == bindparam("b_run"), orders.c.attempt == bindparam("b_attempt")
)
_TELL = insert(worker_events).from_select(_EVENT_COLUMNS, _EVENT.where(orders.c.worker == bindparam("b_worker")))
_TELL_FOR = insert(worker_events).from_select(_EVENT_COLUMNS, _EVENT)

_STATES = select(orders.c.run_id, orders.c.attempt, orders.c.worker, orders.c.beat)


class SqlMailbox:
    """The `Mailbox` of a SQL store.

    Args:
        engine: An engine of its own, whose commits do not wait for the disk.
        url: The store's, a password masked, for messages.
        mask: Hides that password in what a driver says.
    """

    def __init__(self, engine: Engine, url: str, mask: Mask) -> None:
        self._engine = engine
        self._url = url
        self._mask = mask

    def exchange(
        self,
        sender: str,
        *,
        placed: Sequence[Order] = (),
        asked: Sequence[StopRequest] = (),
        removed: Sequence[AttemptKey] = (),
    ) -> list[WorkerEvent]:
        """Do in one transaction all that an executor has to do with the store.

        Args:
            sender: The executor.
            placed: Orders to write; one whose attempt has an order already is passed over.
            asked: Requests to the workers that have, or would take, attempts; one by force replaces one without.
            removed: Attempts that have ended, whose orders are removed, with their events since.
        Returns:
            The events of the orders of *sender*, in the order in which they were reported; they are taken out.
        """
        chosen = select(worker_events).where(worker_events.c.sender == sender).order_by(worker_events.c.seq)
        if not placed and not asked and not removed and not (self._read(chosen.limit(1))):
            return []  # An idle look must not lock SQLite's file.
        with self._begun() as connection:
            _place(connection, placed)
            _ask(connection, asked)
            rows = connection.execute(chosen).all()
            for some in _chunks((row.seq for row in rows), _AT_ONCE):
                connection.execute(delete(worker_events).where(worker_events.c.seq.in_(some)))
            _remove(connection, removed)
        return list(readable(worker_events, rows, event_of))

    def take(self, key: AttemptKey, worker: str, *, begun: Mapping[str, Any]) -> Order | None:
        """Give the attempt to *worker*; None where it was taken before, was asked to stop, or does not run any more.

        Args:
            begun: The first event of the attempt, written with it.
        """
        with self._begun() as connection:
            return _taken(connection, key, worker, begun)

    def take_next(
        self, queue: str, worker: str, *, told: Sequence[WorkerEvent], begun: Mapping[str, Any]
    ) -> Order | None:
        """Write what *worker* tells, and give it the oldest attempt of *queue* that no worker has; None without one.

        Args:
            told: Events as for `tell`; written in the same transaction, before the attempt is given.
            begun: The first event of the attempt, written with it.
        """
        with self._begun() as connection:
            if told:
                connection.execute(_TELL, [_event_row(event, worker) for event in told])
            key = connection.execute(_NEXT, {"b_queue": queue}).first()
            return None if key is None else _taken(connection, (key.run_id, key.attempt), worker, begun)

    def beat(self, worker: str, keys: Sequence[AttemptKey]) -> dict[AttemptKey, StopRequest | None]:
        """Renew those of *keys* that *worker* has, and return each with the request to stop it, if there is one.

        One that it has taken and does not know of, because the answer was lost on the way, falls silent by this.
        """
        rows: list[Any] = []
        with self._begun() as connection:
            for some in _chunks(keys, _AT_ONCE // 2):
                rows += connection.execute(_BEAT, {"b_worker": worker, "b_keys": some}).all()
        found: dict[AttemptKey, StopRequest | None] = {}
        for row in rows:
            key = (row.run_id, row.attempt)
            request = StopRequest(key=key, reason=row.stop_reason or "", force=bool(row.force))
            found[key] = None if row.stop_reason is None else request
        return found

    def answer(self, key: AttemptKey, body: Mapping[str, Any]) -> None:
        """Write the answer to what the attempt's worker has asked; it replaces the one before."""
        with self._begun() as connection:
            connection.execute(update(orders).where(_is(key)).values(answer=body_text(body)))

    def answer_to(self, key: AttemptKey) -> Mapping[str, Any] | None:
        """Return the latest answer for the attempt's worker; None while there is none."""
        [row, *_] = self._read(select(orders.c.answer).where(_is(key))) or [None]
        return None if row is None or row.answer is None else dict(json.loads(row.answer))

    def tell(self, worker: str | None, events: Sequence[WorkerEvent]) -> None:
        """Write what *worker* tells; events of attempts that it does not have (any more) are dropped.

        Args:
            worker: None for any worker that has the attempt: its process died, and another one reports that.
        """
        if not events:
            return
        with self._begun() as connection:
            rows = [_event_row(event, worker) for event in events]
            connection.execute(_TELL if worker is not None else _TELL_FOR, rows)

    def states(self, sender: str) -> list[OrderState]:
        """Return the orders of *sender*."""
        return [_state_of(row) for row in self._read(_STATES.where(orders.c.sender == sender))]

    def leftovers(self) -> list[OrderState]:
        """Return the orders, of any sender, whose attempts do not run any more."""
        return [_state_of(row) for row in self._read(_STATES.where(~_RUNS_STILL))]

    def _read(self, chosen: Select[Any]) -> Sequence[Any]:
        with self._connected() as connection:
            rows = connection.execute(chosen).all()
            connection.rollback()
            return rows

    @contextmanager
    def _begun(self) -> Iterator[Connection]:
        """Enter a transaction that commits at the end of the block."""
        with self._connected() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.exec_driver_sql("SELECT set_config('synchronous_commit', 'off', true)")
            yield connection
            connection.commit()

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise store_error(self._url, error, self._mask) from error


def body_text(body: Mapping[str, Any]) -> str:
    """Return *body* as JSON of ASCII characters, which every database can keep; NUL is escaped there as well."""
    return json.dumps(body, ensure_ascii=True, allow_nan=False)


def event_of(row: RowMapping) -> WorkerEvent:
    """Return the event in *row*."""
    return WorkerEvent(key=(row["run_id"], row["attempt"]), body=read_mapping(row["body"]))


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    left = iter(items)
    while chunk := list(islice(left, size)):
        yield chunk


def _place(connection: Connection, placed: Sequence[Order]) -> None:
    make = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(orders)
    for some in _chunks(placed, _AT_ONCE // 8):
        connection.execute(make.on_conflict_do_nothing(), [_order_row(order) for order in some])


def _ask(connection: Connection, asked: Sequence[StopRequest]) -> None:
    if asked:
        given = [
            {
                "b_run": request.key[0],
                "b_attempt": request.key[1],
                "b_reason": storable(request.reason),
                "b_force": int(request.force),
            }
            for request in asked
        ]
        connection.execute(_ASK, given)


def _remove(connection: Connection, removed: Sequence[AttemptKey]) -> None:
    for some in _chunks(removed, _AT_ONCE // 2):
        connection.execute(delete(orders).where(_KEY.in_(some)))
        its = tuple_(worker_events.c.run_id, worker_events.c.attempt).in_(some)
        connection.execute(delete(worker_events).where(its))


def _taken(connection: Connection, key: AttemptKey, worker: str, begun: Mapping[str, Any]) -> Order | None:
    """Give the attempt to *worker* if it may be taken, and write its first event."""
    run_id, attempt = key
    row = connection.execute(_TAKE, {"b_run": run_id, "b_attempt": attempt, "b_worker": worker}).first()
    if row is None:
        return None
    first = {"sender": row.sender, "run_id": run_id, "attempt": attempt, "body": body_text(begun)}
    connection.execute(insert(worker_events), first)
    return Order(key=key, sender=row.sender, queue=row.queue, body=json.loads(row.body))


def _is(key: AttemptKey) -> ColumnElement[bool]:
    return and_(orders.c.run_id == key[0], orders.c.attempt == key[1])


def _event_row(event: WorkerEvent, worker: str | None) -> dict[str, Any]:
    return {
        "b_run": event.key[0],
        "b_attempt": event.key[1],
        **({} if worker is None else {"b_worker": worker}),
        "b_body": body_text(event.body),
    }


def _state_of(row: Any) -> OrderState:
    return OrderState(key=(row.run_id, row.attempt), worker=row.worker, beat=row.beat)


def _order_row(order: Order) -> dict[str, Any]:
    return {
        "run_id": order.key[0],
        "attempt": order.key[1],
        "sender": order.sender,
        "queue": order.queue,
        "body": body_text(order.body),
        "worker": None,
        "beat": 0,
        "stop_reason": None,
        "force": 0,
        "answer": None,
    }
