"""The single values at the top of the file."""

from __future__ import annotations

import re
from typing import Final

from aperture_plugin.config.layers.entries import FileWords, place_of
from aperture_plugin.config.layers.environment import Environment
from aperture_plugin.config.problems import Problems
from aperture_plugin.config.schema.hints import offered
from aperture_plugin.config.schema.parsed_values import FAULTY
from aperture_plugin.words.did_you_mean import nearest
from aperture_plugin.words.parse_error import quoted
from aperture_plugin.words.tokens import join_with_and

__all__ = [
    "BUILT_IN_EXECUTORS",
    "DEFAULT_STATE",
    "broker_of",
    "celery_app_of",
    "celery_queues_of",
    "executor_of",
    "state_of",
]

DEFAULT_STATE: Final = "sqlite:///aperture.db"
BUILT_IN_EXECUTORS: Final = ("threads", "processes", "celery")

_MEMORY: Final = re.compile(r"sqlite(?:\+[a-z]+)?:(?:/{0,3}|/+(?::memory:|file::memory:).*|.*[?&]mode=memory.*)")
_STATE: Final = re.compile(r"sqlite:///.+|postgresql\+psycopg://.+", re.DOTALL)
_PORT: Final = re.compile(r"postgresql\+psycopg://(?:.*@)?(?:\[[^\]]*\]|[^@:/?\[]*):([^@/?]*)(?:[/?].*)?", re.DOTALL)
_PORT_HINT: Final = (
    "expected postgresql+psycopg://USER@HOST:5432/DATABASE; in a user's name or a password, write @ as %40, / as %2F "
    "and : as %3A"
)
_LAST_PORT: Final = 65_535
_PATH: Final = re.compile(r"[\w./-]+")


def state_of(words: FileWords, environment: Environment, problems: Problems) -> tuple[str, str | None]:
    """Return the address of the store, twice: as the configuration has it, and only if it can be used.

    The second is None if the file does not say it legibly, or takes it from a variable that is not set; then the
    first is as it was written.
    """
    parsed = words.settings.get("state")
    if parsed is None:
        return DEFAULT_STATE, DEFAULT_STATE
    if parsed.value is FAULTY:
        return "", None
    url = environment.filled(parsed, 0)
    if url is None:
        return parsed.text, None
    # The address may hold a password, so it does not show itself.
    message, hint = "this is not the address of a store", _address(url, shown=url == parsed.text)
    if _MEMORY.fullmatch(url):
        message = "this store would be lost with the process, and no other command could look into it"
        hint = f"name a file for it\nWrite:  state: {DEFAULT_STATE}"
    elif _STATE.fullmatch(url):
        port = _PORT.fullmatch(url)
        if port is None or not port[1] or _is_port(port[1]):
            return url, url
        message, hint = "the port in this address is not a number from 1 to 65535", _PORT_HINT
    problems.add("unknown-state", at=place_of(parsed.spot, 0), message=message, hint=hint)
    return "", None


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= len(str(_LAST_PORT)) and 0 < int(text) <= _LAST_PORT


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


def executor_of(words: FileWords, problems: Problems) -> str:
    """Return the name of the executor. A plugin may provide any; only a misspelled built-in name is refused."""
    parsed = words.settings.get("executor")
    if parsed is None or parsed.value is FAULTY:
        return BUILT_IN_EXECUTORS[0]
    name: str = parsed.value
    if name not in BUILT_IN_EXECUTORS and nearest(name, BUILT_IN_EXECUTORS) is not None:
        problems.add(
            "unknown-executor",
            at=place_of(parsed.spot, 0),
            message=f"{quoted(name)} is not an executor",
            hint=f"expected {join_with_and(list(BUILT_IN_EXECUTORS), 'or')}, or one that a plugin provides"
            + offered("executor", name, BUILT_IN_EXECUTORS),
        )
    if name == "celery" and words.settings.get("broker") is None and words.settings.get("celery app") is None:
        problems.add(
            "missing-broker",
            at=place_of(parsed.spot, 0),
            message="celery needs to know where its workers are",
            hint="name the broker that they use, or the host's own Celery app with celery app: myhost.celery:app\n"
            "Write:  broker: redis://localhost:6379/0",
        )
    return name


def broker_of(words: FileWords, environment: Environment) -> str | None:
    """Return the URL of the broker, its variables filled in; None if the file names none."""
    parsed = words.settings.get("broker")
    if parsed is None or parsed.value is FAULTY:
        return None
    return environment.filled(parsed, 0) or parsed.text


def celery_app_of(words: FileWords) -> str | None:
    """Return the name of the host's Celery app; None if the file names none."""
    parsed = words.settings.get("celery app")
    return None if parsed is None or parsed.value is FAULTY else parsed.text


def celery_queues_of(words: FileWords, problems: Problems) -> dict[str, str]:
    """Return the Celery queue of each queue that names one; a queue that the file does not declare is a problem."""
    declared = {"default", *(words.queues or {})}
    found: dict[str, str] = {}
    for name, parsed in (words.celery_queues or {}).items():
        if name not in declared and words.queues is not None:
            problems.add(
                "unknown-queue",
                at=place_of(parsed.key, 0),
                message=f"{quoted(name)} is not a queue of the file",
                hint=f"expected one of {join_with_and(sorted(declared), 'or')}, as declared under queues"
                + offered("queue", name, declared),
            )
        elif parsed.value is not FAULTY:
            found[name] = parsed.text
    return found
