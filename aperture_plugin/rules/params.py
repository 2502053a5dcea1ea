"""A job's parameters: the plugin's defaults, with the file's values over them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aperture_plugin.config.model import Param
from aperture_plugin.words.errors import ApertureError
from aperture_plugin.words.secrets import written

__all__ = ["WrongParam", "params_of"]

_TRUTHS: Final = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


class WrongParam(ApertureError, ValueError):
    """A parameter of the file cannot be read as the type of the plugin's default."""


def params_of(defaults: Mapping[str, Any], words: Mapping[str, Param]) -> dict[str, Any]:
    """Return the parameters of a handler: *defaults*, with *words* over them, key by key.

    The file's values are text. If the default is a whole number, a number or a boolean, the value is read as that type,
    so that a handler can rely on it; everything else stays as written.

    Raises:
        WrongParam: A value cannot be read as its default's type.

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
            raise WrongParam(f'params: {name}: "{written(word)}" is neither yes nor no')
        return truth
    if isinstance(default, int | float):
        kind = type(default) if type(default) in (int, float) else int if isinstance(default, int) else float
        try:
            return kind(word)
        except ValueError:
            expected = "a whole number" if kind is int else "a number"
            raise WrongParam(f'params: {name}: "{written(word)}" is not {expected}') from None
    return str(word)


def _plain(value: Any) -> Any:
    """Return *value* with plain dicts and lists, which a handler may change, instead of the frozen config's own."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
