"""A connection to PostgreSQL that gives up on a server which does not answer.

The network's own limits notice a host that is gone. They do not notice a server or a pooler that is stopped, or a
pooler that waits for its server: there the system below still acknowledges every packet.
"""

from __future__ import annotations

from collections.abc import Generator
from time import monotonic
from typing import Any, Final

import psycopg

__all__ = ["ANSWER_SECONDS", "BoundedConnection"]

ANSWER_SECONDS: Final = 9.0
"""The longest wait for the answer to one statement. It is longer than the wait for the store's lock, and short enough
for a loop to say within 10 seconds what it waits for."""


class BoundedConnection(psycopg.Connection[Any]):
    """Closes itself, with an error, where a statement is not answered in time.

    Attributes:
        answer_seconds: The longest wait from here on; None to wait for however long a statement takes.
    """

    answer_seconds: float | None = ANSWER_SECONDS

    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **options: Any) -> Any:
        """Return the answer that *gen* waits for.

        Raises:
            psycopg.OperationalError: There was none in time; the connection is closed.
        """
        if self.answer_seconds is not None:
            gen = self._bounded(gen, self.answer_seconds)
        return super().wait(gen, *args, **options)

    def _bounded(self, gen: Generator[Any, Any, Any], seconds: float) -> Generator[Any, Any, Any]:
        until = monotonic() + seconds
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted  # Nothing is ready ten times a second, while there is no answer.
                if not ready and monotonic() >= until:
                    self.pgconn.finish()
                    raise psycopg.OperationalError(f"the server has not answered for {seconds:g} seconds")
                wanted = gen.send(ready)
        except StopIteration as end:
            return end.value
