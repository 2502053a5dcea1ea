"""Orders for workers elsewhere name a secret by its environment variable, and the worker fills it in.

An order lies in the store for as long as its attempt runs. So a secret that `${NAME}` brought into a parameter is
written there as `${NAME}` again, and the worker's own environment must have the variable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from aperture_plugin.config.layers.environment import takes_files, variables_in
from aperture_plugin.words.errors import ApertureError
from aperture_plugin.words.secrets import Filled, looks_secret, written

__all__ = ["MissingVariable", "brought_in", "filled_in", "spelt_out_no_more"]

_MARK: Final = re.compile(r"\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*|(?:file|credential):[^{}\n]+)\}")
_OF_THE_FILE: Final = re.compile(r"\$?\$\{")
_SHORTEST: Final = 4
"""A shorter value is no secret worth the name, and stands in texts by chance."""


class MissingVariable(ApertureError):
    """The worker's environment lacks a variable that a parameter is made of."""


def spelt_out_no_more(order: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return *order* with each secret of *environment* in its parameters replaced by the variable's name.

    >>> spelt_out_no_more({"words": {"url": "https://hunter22@x"}}, {"API_KEY": "hunter22"})
    {'words': {'url': 'https://${API_KEY}@x'}}
    """
    secrets = {value: name for name, value in environment.items() if looks_secret(name) and len(value) >= _SHORTEST}
    for name in _named_by(order.get("words")):
        if environment.get(name):
            secrets.setdefault(environment[name], name)
    longest_first = sorted(secrets, key=len, reverse=True)

    def hidden(text: str) -> str:
        if takes_files(text):
            return _as_the_file_has_it(text)
        text = text.replace("$", "$$")
        for secret in longest_first:
            text = text.replace(secret.replace("$", "$$"), f"${{{secrets[secret]}}}")
        return text

    return {name: _each_text(value, hidden) if name == "words" else value for name, value in order.items()}


def filled_in(order: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return *order* as it was before `spelt_out_no_more`.

    Raises:
        MissingVariable: *environment* lacks a variable.

    >>> filled_in({"words": {"url": "https://${API_KEY}@x"}}, {"API_KEY": "hunter22"})
    {'words': {'url': 'https://hunter22@x'}}
    """

    def value(mark: re.Match[str]) -> str:
        if mark[1] is None:
            return "$"
        if mark[1] not in environment:
            raise MissingVariable(f"the worker's environment has no {mark[1]}, which the job's params name")
        return environment[mark[1]]

    def shown(text: str) -> str:
        return _MARK.sub(value, text)

    return {name: _each_text(written, shown) if name == "words" else written for name, written in order.items()}


def brought_in(order: Mapping[str, Any], environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return what `filled_in` brings into *order*: all of it is secret.

    >>> brought_in({"words": {"url": "https://${API_KEY}@x"}}, {"API_KEY": "hunter22"})
    ('hunter22',)
    """
    found: dict[str, None] = {}

    def take(text: str) -> str:
        found.update((environment[mark[1]], None) for mark in _MARK.finditer(text) if mark[1] in environment)
        return text

    _each_text(order.get("words"), take)
    return tuple(found)


def _as_the_file_has_it(text: str) -> str:
    """Return the words of the file, in which `$${` stands for `${` and any other `$` for itself, as an order's."""
    words = written(text)
    pieces, end = [], 0
    for mark in _OF_THE_FILE.finditer(words):
        pieces += [words[end : mark.start()].replace("$", "$$"), "$${" if mark[0] == "$${" else "${"]
        end = mark.end()
    return "".join([*pieces, words[end:].replace("$", "$$")])


def _named_by(words: Any) -> set[str]:
    """Return the variables that the file names in *words*."""
    names: set[str] = set()

    def take(text: str) -> str:
        if isinstance(text, Filled):
            names.update(variables_in(text.written))
        return text

    _each_text(words, take)
    return names


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {name: _each_text(one, change) for name, one in value.items()}
    return [_each_text(one, change) for one in value] if isinstance(value, list | tuple) else value
