"""The JSON Schema of the file, made of the same table that the file is read by.

Draft 7, which editors' YAML servers know best. What stands in several places is written once, under `definitions`.
Names that refer to other places of the file, values that only all layers together make, and what depends on the
plugins are beyond JSON Schema: for those there is `aperture check`.
"""

from __future__ import annotations

from typing import Any, Final

from aperture_plugin.config.schema.json_schema import patterns as p
from aperture_plugin.config.schema.json_schema.value_schemas import (
    DESCRIPTIONS,
    MONTH_DAY,
    WEEKDAY,
    Form,
    form_of,
    words,
)
from aperture_plugin.config.schema.json_schema.value_schemas import TYPES as TOLD
from aperture_plugin.config.schema.schema import FILE, SCHEDULE_KEYS, TYPES, UNITS
from aperture_plugin.config.schema.schema_types import (
    Keys,
    Named,
    Nested,
    OneOrMany,
    PhraseOr,
    Reads,
    Reasoned,
    Schedules,
    Shape,
)

__all__ = ["json_schema"]

_STATE: Final[Form] = {
    "type": "string",
    "pattern": r"(?=^\s*\S)(?:^(?:sqlite:///|postgresql\+psycopg://)[^\n]|\$\{)",
    "patternErrorMessage": "expected sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE",
}
_NEEDED: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    name: (UNITS,) if name == "interval" else tuple((key,) for key in keys) for name, keys in TYPES.items()
}
"""Of each type, the keys it cannot do without; of each group one."""


def json_schema() -> Form:
    """Return the schema of schedules.yaml, ready for `json.dumps`."""
    builder = _SchemaBuilder()
    whole = builder.of(FILE)
    alone = _without_presets()
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "schedules.yaml",
        "description": "When the jobs of an application run; aperture check tells more than this schema can.",
        **whole,
        **alone,
        "definitions": builder.definitions | {"whole": _whole_job()},
    }


class _SchemaBuilder:
    """Turns shapes into forms; what is shared becomes a definition."""

    def __init__(self) -> None:
        self.definitions: dict[str, Form] = {}

    def of(self, shape: Shape, key: str = "") -> Form:
        """Return *shape*, which stands behind *key*."""
        match shape:
            case Reads():
                return self._value(shape)
            case OneOrMany(item=item):
                return self._one_or_many(shape, self._value(item))
            case Reasoned(item=item, reason=reason):
                alone = self._value(item)
                keyed = {**self._key_form(item), "additionalProperties": self._value(reason), "maxProperties": 1}
                one = {"anyOf": [alone, _mapping(keyed)]}
                return {"anyOf": [alone, {"type": "array", "items": one, "minItems": 1}]}
            case Schedules(phrase=phrase, keys=keys):
                one = {"anyOf": [self._value(phrase), {**self.of(keys), **_schedule_rules()}]}
                return self._defined(
                    "schedules", {"anyOf": [self._value(phrase), {"type": "array", "items": one, "minItems": 1}]}
                )
            case PhraseOr(schedules=schedules, keys=keys):
                return self._defined("job", {"anyOf": [self.of(schedules), {**self.of(keys), **_schedule_rules()}]})
            case Keys(keys=keys):
                inner = {name: self._described(name, one) for name, one in keys.items()}
                return _mapping({"properties": inner, "additionalProperties": False})
            case Named(name=name, value=value):
                names = self._key_form(name)
                behind = self._nested() if isinstance(value, Nested) else self.of(value)
                if key == "environment":
                    behind = {**behind, "pattern": p.VARIABLES}
                if key == "presets":
                    names["propertyNames"]["not"] = {"const": "auto"}
                return _mapping({**names, "additionalProperties": behind})
            case Nested():
                return self._nested()

    def _described(self, key: str, shape: Shape) -> Form:
        if key == "state":
            form = _STATE
        elif key == "broker":
            form = {"allOf": [self.of(shape), {"pattern": p.VARIABLES}]}
        elif key == "command":
            form = {"allOf": [self.of(shape), {"pattern": p.SOMETHING, "items": [{"pattern": p.SOMETHING}]}]}
        else:
            form = self.of(shape, key)
        if key == "type":
            form["anyOf"][0]["enumDescriptions"] = [TOLD[name] for name in TYPES]
        if "$ref" in form:  # Keys beside a $ref count for nothing in this draft.
            form = {"allOf": [form]}
        examples = {} if not (example := _example(shape)) else {"examples": [example]}
        return {"description": DESCRIPTIONS[key], **examples, **form}

    def _value(self, shape: Reads) -> Form:
        form = form_of(shape)
        name = _DEFINED.get(getattr(shape.read_anew, "__name__", ""))
        return form if name is None else self._defined(name, form)

    def _one_or_many(self, shape: OneOrMany, item: Form) -> Form:
        many: Form = {"type": "array", "items": item}
        if not shape.may_be_empty:
            many["minItems"] = 1
        if not shape.may_repeat:
            many["uniqueItems"] = True
        return {"anyOf": [item, many]}

    def _key_form(self, name: Reads) -> Form:
        form = form_of(name)
        patterns = [one["pattern"] for one in (form, *form.get("anyOf", ())) if "pattern" in one]
        return {"propertyNames": {"pattern": patterns[0]}}

    def _nested(self) -> Form:
        again = {"$ref": "#/definitions/parameter"}
        text = {"type": ["string", "number", "boolean", "null"], "pattern": p.VARIABLES}
        many = {"type": "array", "items": again}
        keyed = _mapping({"additionalProperties": again})
        return self._defined("parameter", {"anyOf": [text, many, keyed]})

    def _defined(self, name: str, form: Form) -> Form:
        self.definitions.setdefault(name, form)
        return {"$ref": f"#/definitions/{name}"}


_DEFINED: Final = {
    "read_zone_name": "zone",
    "read_job_name": "name",
    "read_duration": "duration",
    "read_checked_phrase": "phrase",
}
"""Readers whose values stand in many places, and what they are called."""


def _mapping(form: Form) -> Form:
    return {"type": "object", "minProperties": 1, **form}


def _example(shape: Shape) -> str | None:
    match shape:
        case Reads(example=example) | OneOrMany(item=Reads(example=example)):
            return str(example)
    return None


def _schedule_rules() -> Form:
    """Return which keys of a schedule go together, within one entry of one layer."""
    pairs = [[one, other] for at, one in enumerate(UNITS) for other in UNITS[at + 1 :]]
    rules: list[Form] = [{"if": {"required": ["schedule"]}, "then": _without(SCHEDULE_KEYS - {"schedule"})}]
    rules += [{"not": {"required": pair}} for pair in pairs]
    for name, keys in TYPES.items():
        then = _without(SCHEDULE_KEYS - {"type", *keys})
        if name in ("weekly", "monthly"):
            then["properties"]["day"] = _days(name)
        rules.append({"if": _is_of(name), "then": then})
    return {"allOf": rules}


def _days(name: str) -> Form:
    item, most = (WEEKDAY, {}) if name == "weekly" else (MONTH_DAY, {"maxItems": 1})
    return {"anyOf": [item, {"type": "array", "items": item, **most}]}


def _is_of(name: str) -> Form:
    return {"properties": {"type": words(p.any_case(name), example=name)}, "required": ["type"]}


def _without(keys: Any) -> Form:
    return {"properties": dict.fromkeys(sorted(keys), False)}


def _without_presets() -> Form:
    """Return what holds where no preset is in force: `schedules` is the only layer, so each job says all there is."""
    jobs = {"additionalProperties": {"$ref": "#/definitions/whole"}}
    return {
        "if": {"not": {"required": ["preset", "presets"]}},
        "then": {"properties": {"schedules": jobs}},
        "dependencies": {"preset": ["presets"]},
    }


def _whole_job() -> Form:
    """Return a job that says its whole schedule."""
    rules: list[Form] = [{"anyOf": [{"required": ["schedule"]}, {"required": ["type"]}]}]
    for name, groups in _NEEDED.items():
        needs = [{"anyOf": [{"required": [key]} for key in group]} for group in groups]
        if needs:
            rules.append({"if": _is_of(name), "then": {"allOf": needs}})
    return {"if": {"type": "object"}, "then": {"allOf": rules}}
