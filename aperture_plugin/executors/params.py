"""A job's parameters: what its plugin gives as defaults, under what the file says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aperture_plugin.config.model import Param

__all__ = ["WrongParam", "params_of"]

_TRUTHS: Final = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


class WrongParam(ValueError):
    """The file gives a parameter that the plugin's default says is a number, and it is none."""


def params_of(defaults: Mapping[str, Any], words: Mapping[str, Param]) -> dict[str, Any]:
    """Return the parameters a handler gets: *defaults*, with *words* over them, key by key.

    The file's values are text. Where the default is a whole number, a number or a truth, its word is read
    as one too, so that a handler can count on the type it gave; everything else stays as written.

    Raises:
        WrongParam: A word that cannot be read as its default's type.

    >>> params_of({"keep": 7, "folder": "backups"}, {"keep": "14", "note": "nightly"})
    {'keep': 14, 'folder': 'backups', 'note': 'nightly'}
    """
    if not defaults and not words:
        return {}
    params = {name: _plain(value) for name, value in defaults.items()}
    for name, word in words.items():
        params[name] = _like(defaults.get(name), name, word)
    return params


def _like(default: Any, name: str, word: Param) -> Any:
    if not isinstance(word, str):
        return _plain(word)
    if isinstance(default, bool):
        truth = _TRUTHS.get(word.strip().lower())
        if truth is None:
            raise WrongParam(f'params: {name}: "{word}" is neither yes nor no')
        return truth
    if isinstance(default, int | float):
        kind = type(default) if type(default) in (int, float) else int if isinstance(default, int) else float
        try:
            return kind(word)
        except ValueError:
            expected = "a whole number" if kind is int else "a number"
            raise WrongParam(f'params: {name}: "{word}" is not {expected}') from None
    return word


def _plain(value: Any) -> Any:
    """Return *value* as a handler may change it and print it: dicts and lists, not the frozen config's own."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
