"""The store over SQLAlchemy: one connection that writes, others that read, errors in plain words."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import ClassVar, Final

from sqlalchemy import Connection, Engine, func, insert, inspect, select
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from aperture_plugin.ports import (
    ClockReading,
    Ledger,
    LogLine,
    LoopRecord,
    Mailbox,
    PastSlot,
    RunQuery,
    StoreFacts,
    StoreRefused,
    StoreUnavailable,
    UnreadableRow,
)
from aperture_plugin.rules.runs import Run
from aperture_plugin.store import damage
from aperture_plugin.store.claim_queries import PAST_SLOTS
from aperture_plugin.store.commit_listener import CommitListener, CommitSource
from aperture_plugin.store.database_errors import is_too_large, store_error
from aperture_plugin.store.in_hand_rows import InHandRows
from aperture_plugin.store.ledger import SqlLedger
from aperture_plugin.store.mailbox import SqlMailbox
from aperture_plugin.store.migrations import (
    OLDEST_SERVED,
    keep_oldest_served,
    migrate,
    oldest_after,
    oldest_served,
    other_loops,
)
from aperture_plugin.store.readable import UNREADABLE, readable
from aperture_plugin.store.rows import log_of, loop_of, micros, numbered_log_of, past_slot_of, run_of
from aperture_plugin.store.stand_ins import line_in_place_of, run_in_place_of
from aperture_plugin.store.statements import ALL_LOOPS
from aperture_plugin.store.tables import SCHEMA_VERSION, logs, loops, meta, metadata, runs
from aperture_plugin.words.mask import mask_of, masked_address
from aperture_plugin.words.secrets import secrets_of_address

__all__ = ["ATTEMPTS_COUNTED", "SqlStore"]

ATTEMPTS_COUNTED: Final = 10_000
"""The most attempts that are counted: neither database has their number without reading all of them."""

_AT_ONCE: Final = 1.0
"""Seconds after which a lost connection is not made anew in the same transaction: the network or the server hangs."""


class SqlStore(ABC):
    """A store over SQLAlchemy. Callable from any thread; transactions of one store follow one another.

    Attributes:
        url: Its address, with passwords masked.
    """

    _LOOK: ClassVar[str]
    """Begins a transaction with one consistent view, which blocks no writer."""

    _mailbox_class: ClassVar[type[SqlMailbox]] = SqlMailbox

    def __init__(self, url: str) -> None:
        self.url = masked_address(url)
        self._mask = mask_of(tuple(secrets_of_address(url)))
        self._engine: Engine | None = None
        self._writer: Connection | None = None
        self._lock = threading.RLock()
        self._in_hand = InHandRows()
        self._news = False
        self._listener: CommitListener | None = None
        self._mail: Engine | None = None

    def open(self) -> None:
        """Connect, create missing tables, and migrate an older schema."""
        with self._lock, self._translated_errors():
            self._close_connections()  # It may be open already.
            try:
                self._connect()
                with self._begun() as connection:
                    self._take_time(connection)
                    self._check(connection)
                    self._set_up(connection)
            except BaseException:
                self._close_connections()  # A caller that gets an error has nothing to close.
                raise

    def open_to_look(self) -> bool:
        """Connect to read; only an older schema is changed, by migrating it. Return whether a store is there."""
        with self._lock, self._translated_errors():
            try:
                self._connect(looking=True)
                with self._reading() as connection:
                    self._check(connection)
                    found = self._version(connection) if inspect(connection).has_table(meta.name) else None
            except BaseException:
                self._close_connections()
                raise
        if found is None or found < SCHEMA_VERSION:
            self._close_connections()
        if found is not None and found < SCHEMA_VERSION:
            self.open()
        return found is not None

    def close(self) -> None:
        """Close every connection."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()  # Outside the lock, which the listener may be waiting for.
        with self._lock:
            self._close_connections()
            if self._mail is not None:
                self._mail.dispose()
                self._mail = None

    def listen(self, ring: Callable[[], object]) -> Callable[[], bool]:
        """Call *ring* as soon as another process has committed; return a function that tells if that is reliable."""
        source = self._source()
        if source is None:
            return lambda: False
        listener = self._listener = CommitListener(source, ring)
        return lambda: listener.is_reliable

    @contextmanager
    def transaction(self) -> Iterator[Ledger]:
        """Enter the one exclusive transaction; it commits at the end of the block, and rolls back on an exception."""
        with self._lock, self._translated_errors():
            self._check_database()
            with self._begun() as connection:
                wrote: list[bool] = []
                self._news = self._is_foreign(connection) or self._news
                ledger = SqlLedger(
                    connection, foreign=self._news, wrote=lambda: wrote.append(True), in_hand=self._in_hand
                )
                try:
                    yield ledger
                finally:
                    self._news = self._news and not ledger.foreign_was_read
                if wrote and self._listener is not None:
                    self._listener.expect()
                self._before_commit(connection, wrote=bool(wrote), counts=ledger.counts)
            self._after_commit()
            if wrote:
                self._to_disk()

    @contextmanager
    def snapshot(self) -> Iterator[Ledger]:
        """Enter a consistent read of the store that blocks no writer."""
        with self._translated_errors(), self._reading() as connection:
            connection.exec_driver_sql(self._LOOK)
            yield SqlLedger(connection, foreign=False, wrote=_refuse_to_write, in_hand=InHandRows())

    def history(self, query: RunQuery) -> list[Run]:
        """Return attempts, newest first."""
        # The order of ids is that of an index as well, so no more rows are read than needed.
        latest_first = [runs.c.seq] if query.begins is None else [runs.c.id, runs.c.attempt]
        chosen = select(runs).order_by(*(column.desc() for column in latest_first))
        if query.jobs is not None:
            chosen = chosen.where(runs.c.job.in_(list(query.jobs)))
        if query.statuses is not None:
            chosen = chosen.where(runs.c.status.in_([status.value for status in query.statuses]))
        if query.triggers is not None:
            chosen = chosen.where(runs.c.trigger.in_([trigger.value for trigger in query.triggers]))
        if query.since is not None:
            lately = runs.c.queued_at >= micros(query.since)
            # The first of them by number ends the way back through all runs. The sum keeps SQLite from looking for it
            # along the numbers, and has it take the index.
            first = select(func.min(runs.c.seq + 0)).where(lately).scalar_subquery()
            chosen = chosen.where(lately, runs.c.seq >= first)
        if query.run_id is not None:
            chosen = chosen.where(runs.c.id == query.run_id)
        if query.begins is not None:
            # A range of texts instead of LIKE, for which SQLite uses no index. No character is greater than the last.
            chosen = chosen.where(runs.c.id >= query.begins, runs.c.id < query.begins + "\U0010ffff")
        if query.limit is not None:
            chosen = chosen.limit(query.limit)
        with self._translated_errors(), self._reading() as connection:
            return list(readable(runs, connection.execute(chosen), run_of, instead=run_in_place_of))

    def past_slots(self, job: str, most: int) -> list[PastSlot]:
        """Return the latest claims of *job*, oldest first."""
        found: dict[int, PastSlot] = {}
        with self._translated_errors(), self._reading() as connection:
            for row in connection.execute(PAST_SLOTS, {"job": job, "most": most}):
                with suppress(*UNREADABLE):  # Of several attempts the last one stands last.
                    found[row[0]] = past_slot_of(row)
        return list(found.values())

    def log_lines(self, run_id: str, *, attempt: int | None = None, after: int = 0) -> list[tuple[int, LogLine]]:
        """Return a run's log lines, numbered; only those with a number greater than *after*."""
        chosen = select(logs).where(logs.c.run_id == run_id, logs.c.seq > after).order_by(logs.c.seq)
        if attempt is not None:
            chosen = chosen.where(logs.c.attempt == attempt)
        with self._translated_errors(), self._reading() as connection:
            found = readable(logs, connection.execute(chosen), numbered_log_of, instead=line_in_place_of)
            return list(found)

    def last_words(self, run_id: str, attempt: int) -> LogLine | None:
        """Return the latest line of an attempt's log; None if it has written none."""
        its = select(logs).where(logs.c.run_id == run_id, logs.c.attempt == attempt)
        with self._translated_errors(), self._reading() as connection:
            return next(readable(logs, connection.execute(its.order_by(logs.c.seq.desc()).limit(1)), log_of), None)

    def watch_clock(self, notify: Callable[[ClockReading], object]) -> None:  # noqa: B027  # one of the two has a clock
        """Call *notify* with each reading of the store's clock, if it has one of its own."""

    def read_clock(self) -> None:  # noqa: B027  # one of the two has a clock
        """Read the store's clock now, if it has one of its own."""

    def loops(self) -> list[LoopRecord]:
        """Return the record of every loop on the store, outside of any transaction."""
        with self._lock, self._translated_errors(), self._glancing() as connection:
            return list(readable(loops, ALL_LOOPS.run(connection), loop_of))

    def unreadable(self, most: int | None) -> list[UnreadableRow]:
        """Return the rows that cannot be read, among the latest *most* of each table (all if None)."""
        with self._translated_errors(), self._reading() as connection:
            return list(damage.find(connection, most=most))

    def mend(self) -> list[UnreadableRow]:
        """Mend every row that cannot be read, in one transaction, and return what they were."""
        with self._lock, self._translated_errors():
            self._check_database()
            with self._begun() as connection:
                self._take_time(connection)
                self._is_foreign(connection)
                mended = damage.mend(connection)
                self._before_commit(connection, wrote=True, counts=True)
            self._after_commit()
            self._to_disk()
            self._news = True
            return mended

    def facts(self) -> StoreFacts:
        """Return the version and size of the store."""
        some = select(runs.c.seq).limit(ATTEMPTS_COUNTED + 1).subquery()
        with self._translated_errors(), self._reading() as connection:
            attempts = connection.execute(select(func.count()).select_from(some)).scalar_one()
            return StoreFacts(
                schema=connection.execute(select(meta.c.value).where(meta.c.key == "schema")).scalar_one(),
                knows=SCHEMA_VERSION,
                size=self._size(connection),
                attempts=min(attempts, ATTEMPTS_COUNTED),
                has_more=attempts > ATTEMPTS_COUNTED,
            )

    def mailbox(self) -> Mailbox:
        """Return the mailbox: orders for workers elsewhere and their events. It works until the store is closed."""
        with self._lock:
            if self._mail is None:
                self._mail = self._mail_engine()
            return self._mailbox_class(self._mail, self.url, self._mask)

    @abstractmethod
    def changed(self) -> bool:
        """Return whether another process has committed more than a beat since a transaction here last read that."""

    @abstractmethod
    def _connect(self, *, looking: bool = False) -> None:
        """Make the engine; one for *looking* changes nothing in the database when it connects."""

    @abstractmethod
    def _mail_engine(self) -> Engine:
        """Return an engine whose commits do not wait for the disk, for the mailbox."""

    @abstractmethod
    def _begin(self, connection: Connection) -> None:
        """Begin a transaction that excludes every other writer."""

    @abstractmethod
    def _is_foreign(self, connection: Connection) -> bool:
        """Return, in the transaction, whether another process has written more than a beat since the last one here."""

    @abstractmethod
    def _size(self, connection: Connection) -> int | None:
        """Return its size in bytes; None if the database does not have it."""

    def _take_time(self, connection: Connection) -> None:  # noqa: B027  # one of the two has a limit
        """Lift the limit on the time of each statement in the transaction that has begun."""

    def _check(self, connection: Connection) -> None:  # noqa: B027  # one of the two needs it
        """Refuse a database that cannot keep whatever a run says."""

    def _source(self) -> CommitSource | None:
        """Return the source of events about commits; None if there is none."""
        return None

    def _close_connections(self) -> None:
        """Close every connection except the listener's."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _to_disk(self) -> None:  # noqa: B027  # one of the two needs it
        """Wait until all commits are on the disk."""

    def _check_database(self) -> None:  # noqa: B027  # one of the two needs it
        """Check, before a transaction, that the database is still the one that was opened."""

    def _before_commit(self, connection: Connection, *, wrote: bool, counts: bool) -> None:  # noqa: B027  # one needs it
        """Notify the other processes, within the transaction; if *counts*, they read the store again."""

    def _after_commit(self) -> None:  # noqa: B027  # one of the two needs it
        """Remember the state of the store after our own commit."""

    def _set_up(self, connection: Connection) -> None:
        """Create the tables, or migrate them from their version to ours."""
        metadata.create_all(connection)
        found = self._version(connection)
        if found is None:
            connection.execute(
                insert(meta), [{"key": "schema", "value": SCHEMA_VERSION}, {"key": "writes", "value": 0}]
            )
            keep_oldest_served(connection, OLDEST_SERVED[SCHEMA_VERSION])
        elif found < SCHEMA_VERSION:
            self._check_loops(connection, found)
            migrate(connection, found=found)
        elif found == SCHEMA_VERSION:
            keep_oldest_served(connection, OLDEST_SERVED[SCHEMA_VERSION])
        if connection.execute(select(meta.c.value).where(meta.c.key == "writes")).first() is None:
            connection.execute(insert(meta), [{"key": "writes", "value": 0}])

    def _version(self, connection: Connection) -> int | None:
        """Return the version of the tables; None if there are none."""
        found: int | None = connection.execute(select(meta.c.value).where(meta.c.key == "schema")).scalar()
        if found is not None and not isinstance(found, int):
            raise StoreRefused(
                f"{self.url}: its version cannot be read ({found!r}); restore it from a backup, or move it away"
            )
        if found is not None and found > SCHEMA_VERSION:
            oldest = oldest_served(connection)
            if oldest is None or oldest > SCHEMA_VERSION:
                serves = "" if oldest is None else f", which serves programs from {oldest} on"
                raise StoreRefused(
                    f"{self.url}: it was written by a newer aperture (schema {found}{serves}; this one knows "
                    f"{SCHEMA_VERSION}); install that version, or name another store under state"
                )
        return found

    def _check_loops(self, connection: Connection, found: int) -> None:
        """Refuse to move the store up, before anything is changed, where that would end loops of an older version."""
        if oldest_after(found) <= found or not (living := other_loops(connection)):
            return
        raise StoreRefused(
            f"{self.url}: this aperture would move it up from schema {found} to {SCHEMA_VERSION}, which does not serve "
            f"the older one that runs on it ({', '.join(living)}); stop that first, and start again 20 seconds later"
        )

    @contextmanager
    def _begun(self) -> Iterator[Connection]:
        connection = self._connection()
        begun_at = monotonic()
        try:
            self._begin(connection)
        except DBAPIError as error:
            self._roll_back(connection)
            if not error.connection_invalidated or monotonic() - begun_at > _AT_ONCE:
                raise
            # The server was restarted since the last transaction; nothing was sent to it yet.
            connection = self._connection()
            self._begin(connection)
        try:
            yield connection
            connection.commit()
        except BaseException:
            self._roll_back(connection)
            raise

    @contextmanager
    def _glancing(self) -> Iterator[Connection]:
        """Enter a read of one statement, on the connection that writes."""
        connection = self._connection()
        try:
            yield connection
            connection.rollback()
        except SQLAlchemyError:
            self._roll_back(connection)
            raise

    def _roll_back(self, connection: Connection) -> None:
        try:
            connection.rollback()
        except SQLAlchemyError:
            # The connection itself is lost; the next transaction makes a new one.
            connection.invalidate()
        if connection.invalidated:
            connection.close()
            self._writer = None

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._lock:
            engine = self._engine
        if engine is None:
            raise StoreUnavailable(f"{self.url}: it is closed")
        with engine.connect() as connection:
            yield connection

    def _connection(self) -> Connection:
        if self._engine is None:
            raise StoreUnavailable(f"{self.url}: it is closed")
        if self._writer is None or self._writer.closed:
            self._writer = self._engine.connect()
        return self._writer

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except (DataError, IntegrityError):
            raise  # The database is fine; the values to write are not, and trying again would not help.
        except SQLAlchemyError as error:
            if is_too_large(error):
                raise  # Trying again would not help that either.
            raise store_error(self.url, error, self._mask) from error


def _refuse_to_write() -> None:
    raise AssertionError("a snapshot is only read")
