"""yacron's files, and folders of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil
from types import MappingProxyType
from typing import Any, Final

from aperture_plugin.app.import_jobs.found_jobs import ForeignJob, Found, Left, Value
from aperture_plugin.app.import_jobs.instant_proof import dues_by_the_minute
from aperture_plugin.app.import_jobs.phrase_candidates import phrases_of_cron
from aperture_plugin.config.layers.zones import read_zone_name
from aperture_plugin.config.yaml import nodes
from aperture_plugin.config.yaml.nodes import Doubt, YamlRefused
from aperture_plugin.config.yaml.strictyaml_fallback import scan
from aperture_plugin.config.yaml.yaml_subset import compose
from aperture_plugin.triggers.cron_expression import check_cron, fields_of
from aperture_plugin.triggers.cron_fields import bits_of
from aperture_plugin.words.cron_shape import read_cron
from aperture_plugin.words.durations import LONGEST_DURATION, duration_text
from aperture_plugin.words.errors import ApertureError
from aperture_plugin.words.numbers import read_yes_no
from aperture_plugin.words.parse_error import Unreadable

__all__ = ["read_yacron"]

_ALIASES: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_PARTS: Final = ("minute", "hour", "dayOfMonth", "month", "dayOfWeek")
_OVERLAP: Final = {"Allow": "allow", "Forbid": "skip", "Replace": "skip"}
_MOST_ATTEMPTS: Final = 1_000
_PASSED_OVER: Final = {
    "env_file": "its variables are not read: name them under environment",
    "user": "aperture runs it as the user who starts aperture",
    "group": "aperture runs it as the user who starts aperture",
    "statsd": "no metrics are sent to statsd",
    "killTimeout": "aperture waits 5 seconds between SIGTERM and SIGKILL",
}
_WEEKDAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_REPORTS: Final = ("onFailure", "onPermanentFailure", "onSuccess")

_DEFAULTS: Final = MappingProxyType(
    {
        "missed": ("skip", "as yacron: what fell due while nothing ran is not caught up"),
        "overlap": ("allow", "as yacron (concurrencyPolicy: Allow): a run begins while the last one still runs"),
    }
)


class _NotTaken(ApertureError):
    """A job that cannot be taken over, with the reason."""


def read_yacron(texts: Mapping[str, str]) -> Found:
    """Return what these files of yacron hold, by their names."""
    entries: list[ForeignJob] = []
    left: list[Left] = []
    for file, text in texts.items():
        try:
            root = compose(text)
        except Doubt:
            try:
                root = scan(text)  # type: ignore[assignment]
            except YamlRefused as problem:
                left.append(Left(place=f"{file}:{problem.spot[0] + 1}", text="", reason=f"it is no YAML: {problem}"))
                continue
        top = root.pairs if isinstance(root, nodes.Mapping) else []
        sections = {key.text: value for key, value in top}
        for key, value in top:
            if key.text not in {"jobs", "defaults"}:
                reason = f"{key.text} of yacron has no counterpart"
                left.append(Left(place=f"{file}:{value.spot[0] + 1}", text=key.text, reason=reason))
        defaults = _plain(sections["defaults"]) if "defaults" in sections else {}
        jobs = sections.get("jobs")
        for node in jobs.items if isinstance(jobs, nodes.Sequence) else ():
            place = f"{file}:{node.spot[0] + 1}"
            written = _merged(defaults, _plain(node))
            try:
                entries.append(_entry(place, written))
            except Exception as problem:  # noqa: BLE001 - one entry, whatever is odd about it, ends no import
                reason = problem.message if isinstance(problem, Unreadable) else str(problem)
                name = written.get("name", "") if isinstance(written, dict) else ""
                left.append(Left(place=place, text=str(name), reason=reason or "it cannot be read"))
    return Found(scheduler="yacron", entries=tuple(entries), left=tuple(left), defaults=_DEFAULTS)


def _entry(place: str, job: Any) -> ForeignJob:
    if not isinstance(job, dict) or not job.get("name") or not job.get("command"):
        raise _NotTaken("a job of yacron has a name and a command")
    at_start = str(job.get("schedule") or "").strip() == "@reboot"
    expression = "" if at_start else _expression(job.get("schedule"))
    notes = [*_notes(job)]
    if at_start:
        notes.append("yacron runs it when it starts, aperture each time the first loop on its store begins")
    keys: dict[str, Value] = {"command": _command(job)}
    if not _yes(job.get("enabled", "true")):
        keys["enabled"] = "no"
    if environment := {str(one["key"]): str(one["value"]) for one in job.get("environment") or ()}:
        keys["environment"] = environment
    policy = str(job.get("concurrencyPolicy", "Allow"))
    if policy != "Allow":
        keys["overlap"] = _OVERLAP[policy]
    if policy == "Replace":
        notes.append("concurrencyPolicy: Replace ends the run that is there; here the new one is skipped")
    if job.get("executionTimeout"):
        keys["timeout"] = _seconds(job["executionTimeout"])
    if retry := _retry((job.get("onFailure") or {}).get("retry") or {}, notes):
        keys["retry"] = retry
    return ForeignJob(
        place=place,
        name=str(job["name"]),
        phrases=("At start",) if at_start else _phrases(expression),
        dues=None if at_start else dues_by_the_minute(_names(expression)),
        zone=_zone(job),
        keys=keys,
        notes=tuple(notes),
    )


def _expression(schedule: Any) -> str:
    """Return the five fields of a schedule, which may be keys or one text."""
    if isinstance(schedule, dict):
        parts = [str(schedule.get(part, "*")) for part in _PARTS]
        year = str(schedule.get("year", "*"))
    else:
        value = str(schedule or "").strip()
        parts = _ALIASES.get(value, value).split()
        year = parts.pop() if len(parts) == 6 else "*"
    if year != "*":
        raise _NotTaken(f"it runs only in certain years ({year}), which no schedule here can say")
    if len(parts) != len(_PARTS):
        raise _NotTaken(f"its schedule has {len(parts)} fields; five can be taken over")
    expression = read_cron(" ".join("*" if part == "?" else part for part in parts)).expression
    check_cron(expression)
    return expression


def _phrases(expression: str) -> tuple[str, ...]:
    """Return the phrases that may say *expression* as yacron means it: on a day that both of its day fields name.

    Cron takes either of them where both are restricted. One weekday in a week of the month can be written all the same.
    """
    minute, hour, _, month, _ = expression.split()
    fields = fields_of(expression)
    days, weekdays = list(bits_of(fields.days)), list(bits_of(fields.weekdays))
    first = days[0] if days else 0
    if len(weekdays) == 1 and first % 7 == 1 and days == list(range(first, first + 7)):
        return f"Cron {minute} {hour} * {month} {_WEEKDAYS[weekdays[0] % 7]}#{first // 7 + 1}", f"Cron {expression}"
    return phrases_of_cron(expression)


def _names(expression: str) -> Callable[[datetime], bool]:
    """Return whether the fields name a wall time: minute, hour, month, and day *and* weekday."""
    fields = replace(fields_of(expression), both_days=True)
    months: dict[tuple[int, int], int] = {}

    def names(wall: datetime) -> bool:
        if not (
            fields.minutes >> wall.minute & 1 and fields.hours >> wall.hour & 1 and fields.months >> wall.month & 1
        ):
            return False
        month = wall.year, wall.month
        if month not in months:
            first = wall.replace(day=1)
            length = ((first + timedelta(days=32)).replace(day=1) - timedelta(days=1)).day
            months[month] = fields.days_of(first.weekday(), length)
        return bool(months[month] >> wall.day & 1)

    return names


def _command(job: Mapping[str, Any]) -> Value:
    command, shell = job["command"], str(job.get("shell", "/bin/sh"))
    if isinstance(command, list):
        return [str(word) for word in command]
    line = str(command).strip("\n")
    return line if shell in {"/bin/sh", ""} else [shell, "-c", line]


def _zone(job: Mapping[str, Any]) -> str | None:
    """Return the zone of a job: its own, else UTC unless it says otherwise."""
    if job.get("timezone"):
        return read_zone_name(str(job["timezone"]))
    return "UTC" if _yes(job.get("utc", "true")) else None


def _retry(value: Mapping[str, Any], notes: list[str]) -> dict[str, str]:
    most = int(value.get("maximumRetries", 0))
    if not most:
        return {}
    if most < 0:
        notes.append(f"it is retried for ever; here {_MOST_ATTEMPTS} times")
    retry = {"attempts": str(min(most + 1, _MOST_ATTEMPTS) if most > 0 else _MOST_ATTEMPTS)}
    if "initialDelay" in value:
        retry["delay"] = _seconds(value["initialDelay"])
    if "backoffMultiplier" in value:
        retry["backoff"] = f"{max(1.0, float(value['backoffMultiplier'])):g}"
    if "maximumDelay" in value:
        retry["max delay"] = _seconds(value["maximumDelay"])
    return retry


def _notes(job: Mapping[str, Any]) -> Iterator[str]:
    for key, note in _PASSED_OVER.items():
        if job.get(key) not in (None, ""):
            yield f"{key}: {note}"
    fails = job.get("failsWhen") or {}
    for key, what in (("producesStdout", "stdout"), ("producesStderr", "stderr")):
        if _yes(fails.get(key, "false")):
            yield f"failsWhen: yacron takes anything on {what} for a failure; here the exit code alone counts"
    if "nonzeroReturn" in fails and not _yes(fails["nonzeroReturn"]):
        yield "failsWhen: yacron passes over the exit code; here anything but 0 is a failure"
    if any((job.get(key) or {}).get("report") for key in _REPORTS):
        yield "reports by mail, Sentry or shell are not sent; a plugin hears of every end by aperture_run_changed"


def _seconds(value: Any) -> str:
    return duration_text(min(timedelta(seconds=max(1, ceil(float(value)))), LONGEST_DURATION))


def _yes(value: Any) -> bool:
    return read_yes_no(str(value)) if not isinstance(value, bool) else value


def _merged(below: Any, above: Any) -> Any:
    """Return *above* laid over *below* as yacron does it: keys key by key, lists one behind the other."""
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{key: _merged(below.get(key), value) for key, value in above.items()}}
    if isinstance(below, list) and isinstance(above, list):
        return below + above
    return below if above is None and isinstance(below, dict) else above


def _plain(node: nodes.Node) -> Any:
    match node:
        case nodes.Mapping():
            return {key.text: _plain(value) for key, value in node.pairs}
        case nodes.Sequence():
            return [_plain(item) for item in node.items]
        case nodes.Scalar():
            return node.text if node.text or not node.plain else None
