"""Masks secrets in texts, in each form in which programs write them; the one place that masks."""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from html import escape
from json import dumps
from typing import Any, Final
from urllib.parse import quote, quote_plus

from aperture_plugin.words.secrets import hidden_logins, names_a_secret, secrets_of, secrets_of_address

__all__ = ["MASK", "Mask", "mask_of", "mask_of_environment", "masked_address", "masked_in_place"]

MASK: Final = "•••"
_SHORTEST: Final = 4
"""A shorter value is not masked: it occurs in many texts by chance."""

_SHORTEST_ENCODED: Final = 8
"""A shorter value is not masked in base64 or hexadecimal: it occurs in unrelated texts."""

_NOT_SECRET: Final = frozenset(
    {"true", "false", "none", "null", "default", "disabled", "enabled", "localhost", "127.0.0.1", "http", "https"}
)


_LINE: Final = 60
"""`base64`, `xxd -p` and their like break what is longer at 60, 64 or 76 columns: each line has a part of it."""

_SHORTEST_PART: Final = 12
"""A shorter part, at the end of the last line, is not looked for: it occurs in unrelated texts."""

_PART: Final = re.compile(r"[A-Za-z0-9+/=_-]{12,}")

_DOT: Final = "•"
_KEY_AND_VALUE: Final = re.compile(r"\s*(?:- )?[\"']?([\w.-]+)[\"']?\s*:\s+(\S.*?)\s*(?:\s#.*)?$")


class Mask:
    """Replaces secrets in texts.

    >>> Mask(["hunter22"])("logging in with hunter22")
    'logging in with •••'
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        # A program prints a secret of several lines line by line.
        pieces = {line.strip() for secret in secrets for line in (secret, *secret.splitlines())}
        kept = [piece for piece in pieces if len(piece) >= _SHORTEST and piece.lower() not in _NOT_SECRET]
        forms = {form for piece in kept for form in (piece, *_encoded(piece)) if len(form) >= _SHORTEST}
        self.longest = max(map(len, forms), default=0)
        # The longest first: of two secrets, one may begin the other.
        self._forms = sorted(forms, key=lambda form: (-len(form), form))
        self._broken = [form for piece in kept for form in _broken_over_lines(piece) if len(form) > _LINE]

    def __call__(self, text: str) -> str:
        """Return *text* with every secret in it replaced."""
        # Finding which of some hundred forms are there at all is ten times quicker than one pattern of all of them.
        found = [form for form in self._forms if form in text]
        text = re.sub("|".join(map(re.escape, found)), MASK, text) if found else text
        return _PART.sub(self._part_masked, text) if self._broken else text

    def _part_masked(self, word: re.Match[str]) -> str:
        text = word[0]
        for form in self._broken:
            if text in form:
                return MASK
            if (begins := text.find(form[:_SHORTEST_PART])) >= 0 and form.startswith(text[begins:]):
                text = text[:begins] + MASK
            if (last := text.find(form[-_SHORTEST_PART:])) >= 0 and form.endswith(text[: last + _SHORTEST_PART]):
                text = MASK + text[last + _SHORTEST_PART :]
        return text

    def deep(self, value: Any, *, levels: int = 100) -> Any:
        """Return *value*, which is JSON, with every secret in its texts and keys replaced.

        What lies deeper than so many *levels* becomes text.
        """
        if not self._forms:
            return value
        match value:
            case str():
                return self(value)
            case dict() | list() | tuple() if levels == 0:
                return self(str(value))
            case dict():
                below = levels - 1
                return {
                    self(name) if isinstance(name, str) else name: self.deep(one, levels=below)
                    for name, one in value.items()
                }
            case list() | tuple():
                return [self.deep(one, levels=levels - 1) for one in value]
        return value


@lru_cache(maxsize=32)
def mask_of(secrets: tuple[str, ...]) -> Mask:
    """Return the mask of *secrets*; the same object for the same secrets."""
    return Mask(secrets)


def mask_of_environment(environment: Mapping[str, str], beside: tuple[str, ...] = ()) -> Mask:
    """Return the mask of the secrets of *environment*, and of those *beside* it."""
    return mask_of((*secrets_of(environment), *beside))


def masked_address(address: str) -> str:
    """Return *address* without the passwords in it.

    >>> masked_address("postgresql+psycopg://joe:s3cr3t@db/media")
    'postgresql+psycopg://joe:•••@db/media'
    """
    return hidden_logins(mask_of(tuple(secrets_of_address(address)))(address), MASK)


def masked_in_place(line: str) -> str:
    """Return a *line* of a schedules.yaml without the secrets in it, each letter of them a dot, so that columns stay.

    >>> masked_in_place("      password: hunter22  # ours")
    '      password: ••••••••  # ours'
    """
    secrets = {secret for secret in secrets_of_address(line) if len(secret) >= _SHORTEST}
    value = _KEY_AND_VALUE.match(line)
    if value is not None and names_a_secret(value[1]) and "${" not in value[2]:
        secrets.add(value[2])
    for secret in sorted(secrets, key=len, reverse=True):
        line = line.replace(secret, _DOT * len(secret))
    return line


def _encoded(secret: str) -> Iterator[str]:
    """Yield a secret as URLs, JSON, HTML, Python and headers write it."""
    data = secret.encode(errors="backslashreplace")
    for percent in (quote(data), quote(data, safe=""), quote_plus(data)):
        yield percent
        yield re.sub("%..", lambda found: found[0].lower(), percent)
    quoted = (dumps(secret)[1:-1], dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1])
    for text in quoted:
        yield text
        yield from (dumps(text)[1:-1], repr(text)[1:-1])  # JSON within a log line of JSON, or in a traceback
    yield from (escape(secret), escape(secret, quote=False), escape(secret).replace("&#x27;", "&#39;"))
    yield from _broken_over_lines(secret)


def _broken_over_lines(secret: str) -> Iterator[str]:
    """Yield a secret in the encodings that programs break over lines."""
    data = secret.encode(errors="backslashreplace")
    if len(data) >= _SHORTEST_ENCODED // 2:
        yield from (data.hex(), data.hex().upper())
    for once in _base64(data):
        yield once
        yield from _base64(once.encode())


def _base64(data: bytes) -> Iterator[str]:
    # In `user:password` it may begin at any of three places; what also holds bits of its neighbors is left out.
    for encode in (b64encode, urlsafe_b64encode):
        for before in range(3):
            text = encode(bytes(before) + data).decode()
            inner = text[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]
            if len(inner) >= _SHORTEST_ENCODED:
                yield inner
