"""What both databases share: one connection that writes, others that read, and trouble told in words."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar, Final

from sqlalchemy import Connection, Engine, func, insert, inspect, select
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from aperture_plugin.ports import Ledger, LogLine, LoopRecord, RunQuery, StoreFacts, StoreRefused, StoreUnavailable
from aperture_plugin.rules.runs import Run
from aperture_plugin.store.ears import Ears, Source
from aperture_plugin.store.errors import in_words
from aperture_plugin.store.ledger import SqlLedger
from aperture_plugin.store.migrations import migrate
from aperture_plugin.store.records import log_of, loop_of, micros, run_of
from aperture_plugin.store.schema import SCHEMA_VERSION, logs, meta, metadata, runs
from aperture_plugin.store.words import ALL_LOOPS

__all__ = ["ATTEMPTS_COUNTED", "SqlStore"]

ATTEMPTS_COUNTED: Final = 10_000
"""So many attempts are counted, however many there are: neither database knows a number without going through all."""


class SqlStore(ABC):
    """A store over SQLAlchemy. Callable from any thread; transactions of one store follow one another.

    Attributes:
        url: Where it is, a password masked.
    """

    _LOOK: ClassVar[str]
    """Begins a transaction that goes on seeing what it saw at first, and holds up nobody."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine: Engine | None = None
        self._writer: Connection | None = None
        self._lock = threading.RLock()
        self._news = False
        self._is_owed = False  # Something was committed that nobody waited for the disk with.
        self._ears: Ears | None = None

    def open(self) -> None:
        """Connect, make what is not there, move an older schema up."""
        with self._lock, self._in_words():
            self._let_go()  # It may be open already.
            try:
                self._connect()
                with self._begun() as connection:
                    self._set_up(connection)
            except BaseException:
                self._let_go()  # Whoever cannot have the store is left with nothing to let go of.
                raise

    def open_to_look(self) -> bool:
        """Connect to read, and change nothing but an older schema, which moves up; say whether a store is there."""
        with self._lock, self._in_words():
            try:
                self._connect(looking=True)
                with self._reading() as connection:
                    found = self._version(connection) if inspect(connection).has_table(meta.name) else None
            except BaseException:
                self._let_go()
                raise
        if found is None or found < SCHEMA_VERSION:
            self._let_go()
        if found is not None and found < SCHEMA_VERSION:
            self.open()
        return found is not None

    def close(self) -> None:
        """Let go of every connection."""
        ears, self._ears = self._ears, None
        if ears is not None:
            ears.close()  # Not under the lock, which the ears may be waiting for.
        with self._lock:
            self._let_go()

    def listen(self, ring: Callable[[], object]) -> Callable[[], bool]:
        """Call *ring* as soon as another process has committed; return what says whether that can be relied on."""
        source = self._source()
        if source is None:
            return lambda: False
        ears = self._ears = Ears(source, ring)
        return lambda: ears.are_well

    @contextmanager
    def transaction(self) -> Iterator[Ledger]:
        """Enter the one exclusive transaction; it commits at the end of the block, or nothing happened."""
        with self._lock, self._in_words():
            self._look_before()
            with self._begun() as connection:
                wrote: list[bool] = []
                self._news = self._is_foreign(connection) or self._news
                ledger = SqlLedger(connection, foreign=self._news, wrote=lambda: wrote.append(True))
                try:
                    yield ledger
                finally:
                    self._news = self._news and not ledger.heeded
                if wrote and self._ears is not None:
                    self._ears.expect()
                self._before_commit(connection, wrote=bool(wrote), counts=ledger.counts, relaxed=ledger.relaxed)
            self._after_commit()
            self._is_owed = self._is_owed or bool(wrote)
            if self._is_owed and not ledger.relaxed:
                self._to_disk()
                self._is_owed = False

    @contextmanager
    def snapshot(self) -> Iterator[Ledger]:
        """Enter a consistent read of the store that holds up nobody."""
        with self._in_words(), self._reading() as connection:
            connection.exec_driver_sql(self._LOOK)
            yield SqlLedger(connection, foreign=False, wrote=_refuse_to_write)

    def history(self, query: RunQuery) -> list[Run]:
        """Return attempts, newest first."""
        # The order of ids is that of an index as well, so that no more is looked at than is asked for.
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
            # A span of texts, and not LIKE, for which SQLite finds no index. No character is greater than the last.
            chosen = chosen.where(runs.c.id >= query.begins, runs.c.id < query.begins + "\U0010ffff")
        if query.limit is not None:
            chosen = chosen.limit(query.limit)
        with self._in_words(), self._reading() as connection:
            return [run_of(row) for row in connection.execute(chosen).mappings()]

    def log_lines(self, run_id: str, *, attempt: int | None = None, after: int = 0) -> list[tuple[int, LogLine]]:
        """Return a run's log lines, numbered; only those with a number greater than *after*."""
        chosen = select(logs).where(logs.c.run_id == run_id, logs.c.seq > after).order_by(logs.c.seq)
        if attempt is not None:
            chosen = chosen.where(logs.c.attempt == attempt)
        with self._in_words(), self._reading() as connection:
            return [(row["seq"], log_of(row)) for row in connection.execute(chosen).mappings()]

    def last_words(self, run_id: str, attempt: int) -> LogLine | None:
        """Return the latest line of an attempt's log; None if it has written none."""
        its = select(logs).where(logs.c.run_id == run_id, logs.c.attempt == attempt)
        with self._in_words(), self._reading() as connection:
            row = connection.execute(its.order_by(logs.c.seq.desc()).limit(1)).mappings().first()
        return None if row is None else log_of(row)

    def loops(self) -> list[LoopRecord]:
        """Return every process on the store, outside of any transaction."""
        with self._lock, self._in_words():
            connection = self._connection()
            try:
                found = [loop_of(row) for row in ALL_LOOPS.run(connection).mappings()]
                connection.rollback()
            except SQLAlchemyError:
                self._roll_back(connection)
                raise
            return found

    def facts(self) -> StoreFacts:
        """Return what the store is like."""
        some = select(runs.c.seq).limit(ATTEMPTS_COUNTED + 1).subquery()
        with self._in_words(), self._reading() as connection:
            attempts = connection.execute(select(func.count()).select_from(some)).scalar_one()
            return StoreFacts(
                schema=connection.execute(select(meta.c.value).where(meta.c.key == "schema")).scalar_one(),
                knows=SCHEMA_VERSION,
                size=self._size(connection),
                attempts=min(attempts, ATTEMPTS_COUNTED),
                has_more=attempts > ATTEMPTS_COUNTED,
            )

    def sync(self) -> None:
        """Wait until what relaxed transactions have committed is on the disk."""
        self._to_disk()

    @abstractmethod
    def changed(self) -> bool:
        """Say whether another process has committed more than a beat since a transaction here last asked."""

    @abstractmethod
    def _connect(self, *, looking: bool = False) -> None:
        """Make the engine; one for *looking* changes nothing about the database by connecting."""

    @abstractmethod
    def _begin(self, connection: Connection) -> None:
        """Begin a transaction that excludes every other writer."""

    @abstractmethod
    def _is_foreign(self, connection: Connection) -> bool:
        """Say, within the transaction, whether another process has written more than a beat since the last one here."""

    @abstractmethod
    def _size(self, connection: Connection) -> int | None:
        """Return how many bytes it takes."""

    def _source(self) -> Source | None:
        """Return what tells of commits; None where nothing does."""
        return None

    def _let_go(self) -> None:
        """Let go of every connection, ears excepted."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _to_disk(self) -> None:  # noqa: B027  # one of the two needs it
        """Wait until what was committed is on the disk."""

    def _look_before(self) -> None:  # noqa: B027  # one of the two needs it
        """Find out, before a transaction, whether the database is still the one that was opened."""

    def _before_commit(  # noqa: B027  # one of the two needs it
        self, connection: Connection, *, wrote: bool, counts: bool, relaxed: bool
    ) -> None:
        """Leave a sign for the others, within the transaction: whether they read it anew is what *counts*."""

    def _after_commit(self) -> None:  # noqa: B027  # one of the two needs it
        """Remember what stands in the store now."""

    def _set_up(self, connection: Connection) -> None:
        """Make the tables, or find out which version stands there and move it up to ours."""
        metadata.create_all(connection)
        found = self._version(connection)
        if found is None:
            connection.execute(
                insert(meta), [{"key": "schema", "value": SCHEMA_VERSION}, {"key": "writes", "value": 0}]
            )
        elif found < SCHEMA_VERSION:
            migrate(connection, found=found)

    def _version(self, connection: Connection) -> int | None:
        """Return which version of the tables is there; None where nobody has said."""
        found: int | None = connection.execute(select(meta.c.value).where(meta.c.key == "schema")).scalar()
        if found is not None and found > SCHEMA_VERSION:
            raise StoreRefused(
                f"{self.url}: it was written by a newer aperture (schema {found}, this one knows {SCHEMA_VERSION}); "
                "install that version, or name another store under state"
            )
        return found

    @contextmanager
    def _begun(self) -> Iterator[Connection]:
        connection = self._connection()
        try:
            self._begin(connection)
        except DBAPIError as error:
            self._roll_back(connection)
            if not error.connection_invalidated:
                raise
            # The server was started anew since the last transaction; nothing was asked of it yet.
            connection = self._connection()
            self._begin(connection)
        try:
            yield connection
            connection.commit()
        except BaseException:
            self._roll_back(connection)
            raise

    def _roll_back(self, connection: Connection) -> None:
        try:
            connection.rollback()
        except SQLAlchemyError:
            # The connection itself is gone; the next transaction makes another.
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
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except (DataError, IntegrityError):
            raise  # The database is well; what was to be written is not, and trying again would not mend it.
        except SQLAlchemyError as error:
            raise in_words(self.url, error) from error


def _refuse_to_write() -> None:
    raise AssertionError("a snapshot is only read")
