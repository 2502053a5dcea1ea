"""The single values at the top of the file."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from aperture_plugin.config.entries import FileWords, place_of
from aperture_plugin.config.environment import Environment
from aperture_plugin.config.hints import offered
from aperture_plugin.config.problems import Problems
from aperture_plugin.config.walking import FAULTY
from aperture_plugin.words.nearest import nearest
from aperture_plugin.words.pieces import join_with_and
from aperture_plugin.words.unreadable import quoted

__all__ = ["BUILT_IN_EXECUTORS", "DEFAULT_STATE", "broker_of", "executor_of", "state_of"]

DEFAULT_STATE: Final = "sqlite:///aperture.db"
BUILT_IN_EXECUTORS: Final = ("threads", "processes", "celery")

_STATE: Final = re.compile(r"sqlite:///.+|postgresql\+psycopg://.+", re.DOTALL)
_PATH: Final = re.compile(r"[\w./-]+")


def state_of(words: FileWords, environment: Environment, problems: Problems) -> tuple[str, str | None]:
    """Return the address of the store, twice: as the configuration has it, and only if it can be used.

    The second is None if the file does not say it legibly, or takes it from a variable that is not set; then the
    first is as it was written.
    """
    said = words.settings.get("state")
    if said is None:
        return DEFAULT_STATE, DEFAULT_STATE
    if said.value is FAULTY:
        return "", None
    url = environment.filled(said, 0)
    if url is None:
        return said.text, None
    if _STATE.fullmatch(url):
        return url, url
    problems.add(
        "unknown-state",
        at=place_of(said.spot, 0),
        # The address may hold a password, so it does not show itself.
        message="this is not the address of a store",
        hint=_address(url, shown=url == said.text),
    )
    return "", None


def _address(url: str, *, shown: bool) -> str:
    scheme = url.partition(":")[0].lower() if ":" in url else ""
    hint = "expected sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE"
    if scheme.startswith("postgres"):
        return f"{hint}; begin it with postgresql+psycopg://"
    if scheme == "sqlite":
        return f"{hint}; three slashes stand before the name of the file, four before a whole path"
    if shown and _PATH.fullmatch(url):
        return f"{hint}\nWrite:  state: sqlite:///{url}"
    return hint


def executor_of(words: FileWords, known: Collection[str] | None, problems: Problems) -> str:
    """Return the name of the executor.

    Args:
        known: The names that plugins provide beside the built-in ones. None if that cannot be told: then only
            what looks like a misspelt built-in name is refused.
    """
    said = words.settings.get("executor")
    if said is None or said.value is FAULTY:
        return BUILT_IN_EXECUTORS[0]
    name: str = said.value
    near = nearest(name, BUILT_IN_EXECUTORS)
    if name not in BUILT_IN_EXECUTORS and (near is not None if known is None else name not in known):
        problems.add(
            "unknown-executor",
            at=place_of(said.spot, 0),
            message=f"{quoted(name)} is not an executor",
            hint=f"expected {join_with_and(list(BUILT_IN_EXECUTORS), 'or')}, or one that a plugin provides"
            + offered("executor", name, (*BUILT_IN_EXECUTORS, *(known or ()))),
        )
    return name


def broker_of(words: FileWords, environment: Environment) -> str | None:
    """Return the URL of the broker, its variables filled in; None if the file names none."""
    said = words.settings.get("broker")
    if said is None or said.value is FAULTY:
        return None
    return environment.filled(said, 0) or said.text
