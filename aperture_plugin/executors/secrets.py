"""Keeping secrets out of a log: what a run says is masked where it repeats a secret that it was given."""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from json import dumps
from typing import Final
from urllib.parse import quote, quote_plus

__all__ = ["MASK", "Mask", "looks_secret", "mask_of", "secrets_of"]

MASK: Final = "•••"
_SHORTEST: Final = 4
"""A shorter value says little, and masking it would make holes all over the text."""

_SHORTEST_ENCODED: Final = 8
"""In base64 a shorter one is found in what has nothing to do with it."""

_SECRET_WORD: Final = re.compile(
    "auth|authorization|cookie|credentials?|dsn|keys?|passphrase|passwd|password|pat|pin|private|pwd"
    "|secrets?|session|signature|tokens?"
)
_JOINED: Final = re.compile(
    r"(?:api|access|auth|secret|private|encryption|signing)(?:key|token)|passw|passphrase|secret|token"
)
_WELL_KNOWN: Final = re.compile(
    r"(?:OLD)?PWD|XDG_\w+|DESKTOP_SESSION|DBUS_SESSION_\w+|SESSION_MANAGER|SSH_AUTH_SOCK|GPG_KEY"
)
"""Names like those of secrets that shells, desktops and images set to folders and the like: in a log full of paths,
hiding the folder that the shell was in would hide half of it."""

_NOT_SECRET: Final = frozenset({"true", "false", "none", "null", "default", "disabled", "enabled", "localhost"})
_LOGIN: Final = re.compile(r"://[^/\s:@]*:([^/\s@]+)@")


@lru_cache(maxsize=4096)
def looks_secret(name: str) -> bool:
    """Say whether an environment variable of that *name* holds a secret.

    >>> looks_secret("TMDB_API_KEY"), looks_secret("KEYBOARD"), looks_secret("PWD")
    (True, False, False)
    """
    if _WELL_KNOWN.fullmatch(name):
        return False
    words = re.split(r"[^a-z0-9]+", name.lower())
    return any(_SECRET_WORD.fullmatch(word) or _JOINED.search(word) for word in words)


def secrets_of(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the values that are secrets: of variables named like one, and passwords within a URL."""
    for name, value in environment.items():
        if looks_secret(name):
            yield value
        yield from _LOGIN.findall(value)


def mask_of(environment: Mapping[str, str]) -> Mask:
    """Return what hides the secrets of *environment*; the same one as long as they are the same."""
    return _mask_of(tuple(secrets_of(environment)))


class Mask:
    """Replaces secrets in a text.

    >>> Mask(["hunter22"])("logging in with hunter22")
    'logging in with •••'
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        # A program prints a secret of several lines line by line.
        pieces = {line.strip() for secret in secrets for line in secret.splitlines()}
        told = [piece for piece in pieces if len(piece) >= _SHORTEST and piece.lower() not in _NOT_SECRET]
        usable = list({written for piece in told for written in (piece, *_encoded(piece))})
        self.longest = max(map(len, usable), default=0)
        # The longest first: of two secrets, one may begin the other.
        usable.sort(key=lambda piece: (-len(piece), piece))
        self._pattern = re.compile("|".join(map(re.escape, usable))) if usable else None

    def __call__(self, text: str) -> str:
        """Return *text* with every secret in it replaced."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)


def _encoded(secret: str) -> Iterator[str]:
    """Yield a secret as URLs, JSON and headers write it."""
    data = secret.encode("utf-8", "backslashreplace")
    yield from (quote(data), quote(data, safe=""), quote_plus(data))
    yield from (dumps(secret)[1:-1], dumps(secret, ensure_ascii=False)[1:-1])
    for encode in (b64encode, urlsafe_b64encode):
        # In `user:password` it may begin at any of three places; what also holds bits of its neighbours is left out.
        for before in range(3):
            text = encode(bytes(before) + data).decode()
            inner = text[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]
            if len(inner) >= _SHORTEST_ENCODED:
                yield inner


@lru_cache(maxsize=8)
def _mask_of(secrets: tuple[str, ...]) -> Mask:
    return Mask(secrets)
