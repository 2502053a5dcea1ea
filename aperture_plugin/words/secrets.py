"""Decides which values are secret, for files, logs, messages, the store and the page.

Secrets are: everything that `${…}` brings into a file, the values of variables and parameters whose names say so, and
the passwords in addresses. `words/mask.py` hides them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, unquote_plus

__all__ = [
    "Filled",
    "FoundSecret",
    "SecretOf",
    "hidden_logins",
    "looks_secret",
    "names_a_secret",
    "secrets_of",
    "secrets_of_address",
    "secrets_of_params",
    "written",
]

_SECRET_WORD: Final = re.compile(
    "auth|authorization|bearer|cookie|cred|credentials?|creds|dsn|jwt|keys?|otp|pass|passphrase|passwd|password|pat"
    "|pin|private|pw|pwd|secrets?|session|signature|tokens?|webhooks?"
)
_JOINED: Final = re.compile(
    r"(?:api|access|auth|secret|private|encryption|signing)(?:key|token)|passw|passphrase|secret|token|bearer|jwt"
    r"|(?:db|user|admin|root|smtp|mail|imap|ftp|sql|pg|redis|ldap|proxy)_?(?:pass|pwd|pw)$|creds?$"
)
_WELL_KNOWN: Final = re.compile(
    r"(?:OLD)?PWD|XDG_\w+|DESKTOP_SESSION|DBUS_SESSION_\w+|SESSION_MANAGER|SSH_AUTH_SOCK|GPG_KEY|CREDENTIALS_DIRECTORY"
)
"""Names like those of secrets that shells, desktops, images and systemd set to folders and the like: in a log full of
paths, hiding the folder that the shell was in would hide half of it."""

_LOGIN: Final = re.compile(r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,40}:/*[^\s/:@]{0,128}:(\S{1,512})@", re.IGNORECASE)
"""Up to the last `@`: drivers differ in where a password ends that holds `@`, `/` or `:` itself."""

_FIRST_LOGIN: Final = re.compile(r":/*[^\s/:@]{0,128}:([^\s@]{1,512})@")
_BARE_LOGIN: Final = re.compile(r"^[^\s/:@]+:([^\s@]+)@[\w.-]+(?::\d+)?$")
_PAIR: Final = re.compile(
    r"""(?<![\w.-])([A-Za-z][\w.-]{0,60})\s{0,9}=\s{0,9}(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([^\s&;'"]+))""",
)
"""`password=…` behind the `?` of an address, or in a list of `name=value` as libpq and ODBC read it."""


_AMBIGUOUS: Final = re.compile("(?:.*[^a-z])?keys?|session|pin|pat|private|auth|signature|(?:.*[^a-z])?tokens")
_LONG_NUMBER: Final = 8


class Filled(str):
    """A value with `${…}` filled in: secret, whatever its name.

    Attributes:
        written: The value as the file has it, which is what may be shown.
    """

    __slots__ = ("written",)
    written: str

    def __new__(cls, value: str, written: str = "") -> Filled:
        """Return *value*, which the file writes as *written*."""
        made = super().__new__(cls, value)
        made.written = written
        return made

    def __repr__(self) -> str:
        """Return it as written, so that a configuration that is logged shows no secret."""
        return repr(self.written)


class FoundSecret(NamedTuple):
    """The finding where a file should hold a secret.

    Attributes:
        text: The secret; None where there is none.
        problem: The reason why there is none, in words.
        is_open: True if every user of the machine may read the file.
    """

    text: str | None = None
    problem: str = ""
    is_open: bool = False


SecretOf = Callable[[str], FoundSecret]
"""Returns what is found for `file:PATH` or `credential:NAME`."""


def written(value: str) -> str:
    """Return *value* as the file has it, with `${…}` not filled in."""
    return value.written if isinstance(value, Filled) else value


@lru_cache(maxsize=4096)
def looks_secret(name: str) -> bool:
    """Return whether a variable or a parameter of that *name* holds a secret.

    >>> looks_secret("TMDB_API_KEY"), looks_secret("DB_PASS"), looks_secret("KEYBOARD"), looks_secret("PWD")
    (True, True, False, False)
    """
    if _WELL_KNOWN.fullmatch(name):
        return False
    words = re.split(r"[^a-z0-9]+", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower())
    return any(_SECRET_WORD.fullmatch(word) or _JOINED.search(word) for word in (*words, "".join(words[-2:])))


def secrets_of(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the values of *environment* that are secrets: of variables named like one, and passwords in addresses."""
    for name, value in environment.items():
        if looks_secret(name):
            yield value
        yield from secrets_of_address(value)


def secrets_of_address(text: str) -> Iterator[str]:
    """Yield the passwords in *text*, in whatever form a driver accepts them; plain and as the address encodes them.

    >>> list(dict.fromkeys(secrets_of_address("postgresql+psycopg://joe:s3cr3t@db?sslpassword=al%40so")))
    ['s3cr3t', 'al%40so', 'al@so']
    """
    if "@" in text:
        for pattern in (_LOGIN, _FIRST_LOGIN, _BARE_LOGIN):
            for found in pattern.finditer(text):
                yield from _forms(found[1])
                if "@" in found[1] or "/" in found[1]:  # The place at which another driver sees the password end.
                    for part in re.split("[@/]", found[1]):
                        yield from _forms(part)
    if "=" in text:
        for pair in _PAIR.finditer(text):
            if looks_secret(pair[1]):
                quoted = pair[2] or pair[3]
                yield from _forms(re.sub(r"\\(.)", r"\1", quoted) if quoted else pair[4] or "")


def hidden_logins(text: str, mask: str) -> str:
    """Return *text* with *mask* in place of the passwords of its addresses, even of those too short to search for.

    >>> hidden_logins("postgresql+psycopg://joe:a@db/media", "•••")
    'postgresql+psycopg://joe:•••@db/media'
    """
    return _LOGIN.sub(lambda found: f"{found[0][: found.start(1) - found.start()]}{mask}@", text)


def names_a_secret(key: str) -> bool:
    """Return whether what stands under *key* of a file is secret beyond doubt: `key` and `session` often are not."""
    return looks_secret(key) and not _AMBIGUOUS.fullmatch(key.lower())


def secrets_of_params(params: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts within *params* that are secrets by the name they stand under, however deep.

    A name that often means something else (`key`, `session`) makes none, and neither does a short number.
    """
    for name, value in params.items():
        if names_a_secret(name):
            yield from (text for text in _texts(value) if len(text) >= _LONG_NUMBER or not text.isdigit())
        elif isinstance(value, Mapping):
            yield from secrets_of_params(value)
        elif isinstance(value, tuple | list):
            for each in value:
                if isinstance(each, Mapping):
                    yield from secrets_of_params(each)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _texts(each)


def _forms(written: str) -> Iterator[str]:
    for form in dict.fromkeys((written, unquote(written), unquote_plus(written))):
        if form:
            yield form
