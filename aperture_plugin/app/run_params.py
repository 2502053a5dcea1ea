"""The parameters of one run that a person asks for: whether the job knows them, and what type they have.

The command, the API, the page and `Aperture.run` all come here before they ask for a run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from aperture_plugin.config.model import Config, JobConfig
from aperture_plugin.config.yaml.typed_values import NotYaml, typed_value
from aperture_plugin.rules.jobs import Job, Json
from aperture_plugin.rules.params import WrongParam, params_of
from aperture_plugin.rules.sanitize import json_text
from aperture_plugin.words.did_you_mean import nearest
from aperture_plugin.words.errors import ApertureError
from aperture_plugin.words.mask import MASK, mask_of_environment, masked_address
from aperture_plugin.words.parse_error import quoted
from aperture_plugin.words.secrets import looks_secret

__all__ = ["ParamRefused", "Written", "asked_note", "asked_params"]

_LONGEST_NOTE: Final = 500
_LONGEST: Final = 65_536
"""Characters that the parameters of one run may have as JSON."""


class ParamRefused(ApertureError, ValueError):
    """A parameter that the job does not know, or whose value has the wrong type.

    Attributes:
        hint: What to do about it, in one line.
    """

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class Written(str):
    """A value as a person typed it, whose type is still to be found out."""

    __slots__ = ()


def asked_params(job: JobConfig, registered: Job | None, given: Mapping[str, object]) -> dict[str, Json] | None:
    """Return the parameters *given* for one run of *job*, each with its type; None if there are none.

    The job knows those that its plugin registers and those that the file gives it. A command without any takes whatever
    it is given, and so does a job whose plugin is not here. A value has the type of the plugin's default; where there
    is none, `Written` text is read as YAML, and anything else is taken as it is.

    Args:
        registered: What a plugin registers under the job's name; None for none.
    Raises:
        ParamRefused: The job does not know one of them, or its value has the wrong type.
    """
    if not given:
        return None
    defaults = {} if registered is None or job.command is not None else registered.params
    known = list(dict.fromkeys([*defaults, *job.params]))
    takes_any = not known if job.command is not None else registered is None
    params: dict[str, Json] = {}
    for name, value in given.items():
        if not takes_any and name not in known:
            raise _unknown(job.name, name, known)
        params[name] = _typed(name, value, defaults.get(name), is_command=job.command is not None)
    if len(text := json_text(params)) > _LONGEST:
        raise ParamRefused(
            f"the parameters have {len(text):,} characters", hint=f"a run keeps {_LONGEST:,}; give it a file's name"
        )
    kept: dict[str, Json] = json.loads(text)
    return kept


def asked_note(note: str | None, environ: Mapping[str, str], config: Config | None) -> str | None:
    """Return *note* as the store keeps it: on one line, short enough, without secrets; None where it says nothing.

    Every note goes through here: of a run, of a cancel, of a pause.

    Args:
        environ, config: Their secrets are masked; no *config* where no file is in force.
    """
    plain = " ".join((note or "").split())
    mask = mask_of_environment(environ, () if config is None else config.secrets)
    return mask(masked_address(plain))[:_LONGEST_NOTE] or None


def _unknown(job: str, name: str, known: list[str]) -> ParamRefused:
    near = nearest(name, known)
    if near is not None:
        hint = f'did you mean "{near}"?'
    elif known:
        hint = f"{job} takes {', '.join(known[:12])}{', …' if len(known) > 12 else ''}"
    else:
        hint = "neither its plugin nor the file gives it any; a plugin registers them as Job(…, params={…})"
    return ParamRefused(f"{job} has no parameter {quoted(name)}", hint=hint)


def _typed(name: str, value: object, default: Any, *, is_command: bool) -> Json:
    if isinstance(value, Written):
        return _read(name, value, default, is_command=is_command)
    if isinstance(value, str) and isinstance(default, bool | int | float):
        return _like(name, value, default)
    try:
        plain: Json = json.loads(json_text(value))
    except (TypeError, ValueError, RecursionError):
        raise _wrong(name, value, "nothing that can be kept: give text, numbers, lists and mappings") from None
    return _of_type(name, plain, default)


def _read(name: str, text: Written, default: Any, *, is_command: bool) -> Json:
    if isinstance(default, str):
        return str(text)
    if isinstance(default, bool | int | float):
        return _like(name, text, default)
    try:
        value = typed_value(text)
    except NotYaml as error:
        raise _wrong(name, text, f"no YAML: {error}") from None
    if is_command and not isinstance(value, dict | list) and json.dumps(value) != text:
        return str(text)  # A program receives text: 007 and 1.50 are to arrive as they were typed.
    return _of_type(name, value, default)


def _like(name: str, text: str, default: bool | int | float) -> Json:
    try:
        value: Json = params_of({name: default}, {name: str(text)})[name]
    except WrongParam:
        kind = "neither yes nor no" if isinstance(default, bool) else None
        raise _wrong(name, text, kind or f"not {_kind(default)}") from None
    return _of_type(name, value, default)


def _of_type(name: str, value: Json, default: Any) -> Json:
    """Return *value* if it has the type of *default*."""
    fits = {
        bool: isinstance(value, bool),
        int: isinstance(value, int) and not isinstance(value, bool),
        float: isinstance(value, int | float) and not isinstance(value, bool),
        str: isinstance(value, str),
        list: isinstance(value, list),
        tuple: isinstance(value, list),
    }
    wanted = next((kind for kind in fits if isinstance(default, kind)), None)
    if wanted is None and isinstance(default, Mapping):
        wanted, fits[dict] = dict, isinstance(value, dict)
    if wanted is not None and not fits[wanted]:
        raise _wrong(name, value, f"not {_kind(default)}")
    try:
        json_text(value)
    except ValueError:
        raise _wrong(name, value, "not a number that can be kept") from None
    return float(value) if wanted is float and isinstance(value, int) else value


def _kind(default: Any) -> str:
    names = ((bool, "yes or no"), (int, "a whole number"), (float, "a number"), (str, "text"), (Mapping, "a mapping"))
    return next((name for kind, name in names if isinstance(default, kind)), "a list")


def _wrong(name: str, value: object, found: str) -> ParamRefused:
    text = quoted(value) if isinstance(value, str) else repr(value)[:80]
    shown = MASK if looks_secret(name) else text
    return ParamRefused(f"{name}: {shown} is {found}", hint=_EXAMPLE.get(found.partition(":")[0], _ANY))


_ANY: Final = "give it a value of the type that its default has"
_EXAMPLE: Final = {
    "neither yes nor no": "write yes or no",
    "not a whole number": "write one such as 7",
    "not a number": "write one such as 2.5",
    "not a list": "write one such as [a, b]",
    "not a mapping": "write one such as {a: 1}",
    "no YAML": "put text that begins with a bracket or a quote in quotes",
}
