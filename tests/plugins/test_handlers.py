"""Whether a handler can be called with the live run alone: as Python's own reading of its signature says."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from aperture_plugin.plugins.job_collector import _can_be_called


class Host:
    def none(self) -> None: ...
    def one(self, run: object) -> None: ...
    def two(self, run: object, more: object) -> None: ...
    def default(self, run: object, more: int = 1) -> None: ...
    def keyword(self, run: object, *, more: object) -> None: ...
    def keyword_default(self, run: object, *, more: int = 1) -> None: ...
    def some(self, *runs: object) -> None: ...
    def any(*all_: object, **named: object) -> None: ...
    def without_self() -> None: ...  # type: ignore[misc]
    @functools.lru_cache  # noqa: B019
    def wrapped(self, run: object) -> None: ...
    @classmethod
    def of_class(cls, run: object) -> None: ...
    @staticmethod
    def alone(run: object, more: object) -> None: ...


def decorated(run: object, more: object) -> None: ...


decorated.__wrapped__ = lambda run: None  # type: ignore[attr-defined]

HANDLERS = [
    *(getattr(Host(), name) for name in dir(Host) if not name.startswith("__")),
    *(getattr(Host, name) for name in dir(Host) if not name.startswith("__")),
    functools.partial(Host().two, 1),
    decorated,
    print,
    Host,
    lambda: None,
    lambda run: None,
]


@pytest.mark.parametrize("handler", HANDLERS)
def test_the_quick_look_at_a_handler_says_what_its_signature_says(handler: Callable[..., Any]) -> None:
    def fits(*arguments: object) -> bool:
        try:
            inspect.signature(handler).bind(*arguments)
        except (TypeError, ValueError):
            return False
        return True

    assert _can_be_called(handler) == (fits(None) or fits())
