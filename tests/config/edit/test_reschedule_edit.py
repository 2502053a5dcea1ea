"""A job's schedule changed in the text: the least that says it, and nothing around it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aperture_plugin.config.edit.reschedule_edit import only_schedules_differ, ways_to_reschedule
from aperture_plugin.config.model import Config, ReadContext
from aperture_plugin.config.reader import read
from aperture_plugin.testing.word_strategies import schedules, timed_schedules
from aperture_plugin.words.phrases import phrase_of, read_phrase
from aperture_plugin.words.schedules import (
    After,
    AtStart,
    Cron,
    Daily,
    Interval,
    Manual,
    Monthly,
    Once,
    Schedule,
    Several,
    Weekly,
)

STARTER = (Path(__file__).parents[3] / "schedules.yaml").read_text()


def config_of(text: str) -> Config | None:
    return read(
        text, ReadContext(file="schedules.yaml", environ={}, known_jobs=None, local_zone=ZoneInfo("UTC"))
    ).config


def changed(text: str, job: str, phrase: str) -> str:
    """Return *text* with the new schedule: the first way that says it and nothing else."""
    before = config_of(text)
    assert before is not None, "the file is valid"
    schedule = read_phrase(phrase)
    for way in ways_to_reschedule(before, job, phrase, schedule):
        after = config_of(way)
        if after is not None and only_schedules_differ(before, after, {job: schedule}):
            return way
    raise AssertionError("no way leads there")


CASES = {
    "a phrase": (
        "schedules:\n  scan: daily at 2 AM   # night\n  # and then\n  sync: every hour\n",
        "scan: daily at 3 AM   # night",
    ),
    "a phrase in quotes": ("schedules:\n  scan: 'daily at 2 AM'  # night\n", "scan: 'daily at 3 AM'  # night"),
    "a phrase in double quotes": ('schedules:\n  "scan": "daily at 2 AM"\n', '"scan": "daily at 3 AM"'),
    "a phrase on the next line": (
        "schedules:\n  scan:  # at night\n    daily at 2 AM\n",
        "  scan:  # at night\n    daily at 3 AM\n",
    ),
    "a phrase on two lines": (
        "schedules:\n  scan: daily\n    at 2 AM  # night\n\n  sync: every hour\n",
        "scan: daily at 3 AM\n    # night\n\n  sync: every hour",
    ),
    "a phrase as a block": (
        "schedules:\n  scan: >-  # night\n    daily at\n    2 AM\n  # next\n  sync: every hour\n",
        "scan: daily at 3 AM  # night\n  # next\n",
    ),
    "the schedule key": (
        "schedules:\n  scan:\n    queue: default  # one\n    schedule: daily at 2 AM # night\n    timeout: 1 hour\n",
        "    queue: default  # one\n    schedule: daily at 3 AM # night\n    timeout: 1 hour\n",
    ),
    "keys of the same type": (
        "schedules:\n  scan:\n    type: daily   # each\n    # early\n    time: 02:00   # two\n    timeout: 1 hour\n",
        "    type: daily   # each\n    # early\n    time: 03:00   # two\n    timeout: 1 hour\n",
    ),
    "keys of another type": (
        "schedules:\n  scan:\n    type: weekly   # each\n    day: sunday   # free\n    heavy: yes\n\n    time: 2 AM\n",
        "    schedule: daily at 3 AM  # each\n    # free\n    heavy: yes\n\n",
    ),
    "a list in a block": (
        "schedules:\n  scan:\n    type: daily\n    time:  # two\n      - 1 AM  # one\n      # and\n      - 2:00 PM\n",
        "    time: 3:00 AM  # two\n      # one\n      # and\n",
    ),
    "a list over lines": (
        "schedules:\n  scan:\n    type: daily\n    time: [1 AM,  # one\n\n      2 PM]  # two\n    heavy: yes\n",
        "    time: 3:00 AM  # one\n\n      # two\n    heavy: yes\n",
    ),
    "other keys only": (
        "presets:\n  p:\n    schedules:\n      scan: hourly\npreset: p\nschedules:\n  scan:\n      # long\n"
        "      timeout: 1 hour\n".replace("hourly", "every hour"),
        "  scan:\n      # long\n      schedule: daily at 3 AM\n      timeout: 1 hour\n",
    ),
    "a job of a preset": (
        "preset: p\npresets:\n  p:\n    schedules:\n      scan: manual\nschedules:\n    a: every hour  # x\n\n# end\n",
        "    a: every hour  # x\n    scan: daily at 3 AM\n\n# end\n",
    ),
    "a job of a preset, and no section": (
        "preset: p\npresets:\n  p:\n    schedules:\n      scan: every hour\n# end",
        "      scan: every hour\n\nschedules:\n  scan: daily at 3 AM\n# end",
    ),
    "a job that is not there": (
        "---\nschedules:\n  sync: every hour",
        "  sync: every hour\n  scan: daily at 3 AM",
    ),
    "the end of a document": (
        "---\nqueues:\n  default: 2\n...\n# over\n",
        "  default: 2\n\nschedules:\n  scan: daily at 3 AM\n...\n# over\n",
    ),
    "windows": (
        "\ufeffschedules:\r\n  scan:\r\n    type: cron # x\r\n    cron: '* * * * *'\r\n",
        "    schedule: daily at 3 AM  # x\r\n",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_least_is_changed_and_all_around_it_stays(name: str) -> None:
    text, wanted = CASES[name]

    new = changed(text, "scan", "daily at 3 AM")

    assert wanted in new
    assert new.startswith("\ufeff") == text.startswith("\ufeff")
    assert new.endswith("\n") == text.endswith("\n")
    assert ("\r\n" in text) == ("\r\n" in new)
    assert new.count("\n") == new.count("\r\n") or "\r" not in text
    assert comments(new) == comments(text)


KEYED = {
    "weekly on monday at 2 AM": "day: monday\n    time: 2 AM",
    "weekly on sunday at 4:30 PM": "day: sunday\n    time: 4:30 PM",
    "weekly on sunday and monday at 2 AM": "day: [sunday, monday]\n    time: 2 AM",
    "weekly on weekdays at 2 AM, 5 AM": "day: weekdays\n    time: [2:00 AM, 5:00 AM]",
}


@pytest.mark.parametrize("phrase", KEYED)
def test_keys_stay_keys_where_they_can_say_it(phrase: str) -> None:
    new = changed("schedules:\n  scan:\n    type: weekly\n    day: sunday\n    time: 2 AM\n", "scan", phrase)

    assert new == f"schedules:\n  scan:\n    type: weekly\n    {KEYED[phrase]}\n"


def test_a_key_that_changes_a_preset_goes_on_changing_it() -> None:
    preset = "preset: p\npresets:\n  p:\n    schedules:\n      scan: weekly on sunday at 4 AM\n"
    text = preset + "schedules:\n  scan:\n    time: 02:30\n"

    assert changed(text, "scan", "weekly on sunday at 5 AM").endswith("  scan:\n    time: 05:00\n")
    assert changed(text, "scan", "weekly on monday at 2:30 AM").endswith("    time: 02:30\n    day: monday\n")
    assert changed(text, "scan", "daily at 5 AM").endswith("  scan:\n    schedule: daily at 5 AM\n")


def test_of_a_list_only_what_differs_is_changed() -> None:
    text = "schedules:\n  scan:\n    type: daily\n    time:\n      - '01:00'  # one\n      - '14:00'  # two\n"

    assert changed(text, "scan", "daily at 1 AM, 3 PM") == text.replace("14:00", "15:00")


def test_a_cron_that_begins_with_a_star_is_put_in_quotes() -> None:
    text = "schedules:\n  scan:\n    type: cron\n    cron: 0 3 * * *\n"

    assert changed(text, "scan", "cron */5 * * * *") == text.replace("0 3 * * *", '"*/5 * * * *"')


# ── any file, any job, any schedule ──


def comments(text: str) -> list[str]:
    """Return every comment, of which the drawn files have only plain ones, without what stands before it."""
    return re.findall(r"#[^\r\n]*", text)


NAMES = ("scan", "sync", "embeddings", "top-picks", "a.b", "1")
_COMMENTS = st.sampled_from(("", "", "  # why not", '   # it\'s "quoted": yes', " # [1, 2"))
_LINES_BETWEEN = st.lists(st.sampled_from(("", "    # indented", "# to the left", "  # between")), max_size=2)


@st.composite
def files(draw: st.DrawFn) -> str:
    """Draw a file with a preset and jobs, every one of them in some way that people write them."""
    lines: list[str] = [*draw(_LINES_BETWEEN)]
    in_preset = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1))
    here = draw(st.lists(st.sampled_from(NAMES), unique=True))
    lines += ["preset: p" + draw(_COMMENTS), "presets:", "  p:", "    schedules:" + draw(_COMMENTS)]
    for name in in_preset:
        lines += draw(_job(name, 6, overrides=False))
    sections = [["schedules:" + draw(_COMMENTS)], ["defaults:", "  timeout: 4 hours" + draw(_COMMENTS)]]
    for name in here:
        sections[0] += draw(_job(name, 2, overrides=name in in_preset))
    if not here:
        del sections[0]
    for section in draw(st.permutations(sections)):
        lines += [*draw(_LINES_BETWEEN), *section]
    text = "\n".join(lines) + draw(st.sampled_from(("", "\n", "\n\n# the end\n")))
    end = draw(st.sampled_from(("\n", "\r\n")))
    return draw(st.sampled_from(("", "\ufeff"))) + text.replace("\n", end)


@st.composite
def _job(draw: st.DrawFn, name: str, column: int, *, overrides: bool) -> list[str]:
    """Draw a job's lines, indented to *column*."""
    schedule = draw(timed_schedules() | st.just(Manual()))
    quote = draw(st.sampled_from(("", "", "'", '"')))
    phrase = f"{quote}{phrase_of(schedule)}{quote}"
    outer, inner = " " * column, " " * (column + draw(st.sampled_from((1, 2, 4))))
    form = draw(st.sampled_from(("phrase", "below", "key", "keys") + ("other keys",) * overrides))
    comment = draw(_COMMENTS)
    between = list(draw(_LINES_BETWEEN))
    beside = [inner + "queue: default" + draw(_COMMENTS), *draw(_LINES_BETWEEN)]
    if form == "phrase":
        return [f"{outer}{name}: {phrase}{comment}", *between]
    if form == "below":
        return [f"{outer}{name}:{comment}", f"{inner}{phrase}{draw(_COMMENTS)}", *between]
    if form == "key":
        own = [f"{inner}schedule: {phrase}{comment}"]
    elif form == "other keys":
        own = [f"{inner}timeout: 1 hour{comment}"]
    else:
        own = list(draw(_keys(schedule, inner)))
    parts = [own, beside] if draw(st.booleans()) else [beside, own]
    return [f"{outer}{name}:{draw(_COMMENTS)}", *parts[0], *parts[1], *between]


@st.composite
def _keys(draw: st.DrawFn, schedule: Schedule, indent: str) -> Iterator[str]:
    """Draw the lines that say *schedule* by keys."""
    lines = []
    for key, values in _said(schedule).items():
        style = draw(st.sampled_from(("one line", "block", "flow over lines")))
        quote = draw(st.sampled_from(("'", '"') if values[0].startswith("*") else ("", "'", '"')))
        quoted = [f"{quote}{value}{quote}" for value in values]
        if len(quoted) == 1:
            lines.append(f"{indent}{key}: {quoted[0]}{draw(_COMMENTS)}")
        elif style == "one line":
            lines.append(f"{indent}{key}: [{', '.join(quoted)}]{draw(_COMMENTS)}")
        elif style == "block":
            lines.append(f"{indent}{key}:{draw(_COMMENTS)}")
            lines += [f"{indent}  - {value}{draw(_COMMENTS)}" for value in quoted]
        else:
            lines += [f"{indent}{key}: [{quoted[0]},", f"{indent}  {', '.join(quoted[1:])}]{draw(_COMMENTS)}"]
    return iter(lines)


def _said(schedule: Schedule) -> Mapping[str, list[str]]:
    match schedule:
        case Daily(times=times):
            return {"type": ["daily"], "time": [f"{at:%H:%M}" for at in times]}
        case Weekly(days=days, times=times):
            names = [day.name.lower()[:3] for day in days]
            return {"type": ["weekly"], "day": names, "time": [f"{at:%I:%M %p}" for at in times]}
        case Monthly(day=day, times=times):
            return {"type": ["monthly"], "day": [str(day)], "time": [f"{at:%H:%M}" for at in times]}
        case Interval(every=every, offset=offset):
            seconds = {"type": ["interval"], "seconds": [str(int(every.total_seconds()))]}
            return seconds | ({"offset": [f"{int(offset.total_seconds())} seconds"]} if offset else {})
        case Cron(expression=expression):
            return {"type": ["cron"], "cron": [expression]}
        case AtStart() | Several():
            raise AssertionError("it is written as a phrase")
        case Once(at=at):
            return {"type": ["once"], "at": [f"{at:%Y-%m-%d %H:%M}"]}
        case After(jobs=jobs):
            return {"type": ["after"], "jobs": list(jobs)}
        case Manual():
            return {"type": ["manual"]}


def legible(text: str) -> Config:
    """Return the configuration of a drawn file; drawn again where two comments or lines do not go together."""
    config = config_of(text)
    assume(config is not None)
    assert config is not None
    return config


@settings(max_examples=300, deadline=None)
@given(files(), st.sampled_from((*NAMES, "new")), schedules().filter(lambda one: not isinstance(one, After)))
def test_whatever_the_file_the_job_has_its_schedule_and_nothing_else_is_touched(
    text: str, job: str, schedule: Schedule
) -> None:
    before = legible(text)
    assume((before.jobs.get(job) or before.unlisted(job)).schedule != schedule)

    new = changed(text, job, phrase_of(schedule))

    after = config_of(new)
    assert after is not None
    assert after.jobs[job].schedule == schedule
    assert {name: one.schedule for name, one in after.jobs.items() if name != job} == {
        name: one.schedule for name, one in before.jobs.items() if name != job
    }
    assert comments(new) == comments(text)
    assert sum(not line.strip() for line in new.split("\n")) >= sum(not line.strip() for line in text.split("\n"))
    assert new.startswith("\ufeff") == text.startswith("\ufeff")
    assert "\r" not in new.replace("\r\n", "")
    assert new.count("\r\n") == (new.count("\n") if "\r" in text else 0)


@settings(max_examples=150, deadline=None)
@given(files(), st.sampled_from(NAMES), schedules().filter(lambda one: not isinstance(one, After)))
def test_changed_back_it_means_what_it_meant(text: str, job: str, schedule: Schedule) -> None:
    before = legible(text)
    assume(job in before.jobs and before.jobs[job].schedule != schedule)

    there = changed(text, job, phrase_of(schedule))
    back = changed(there, job, phrase_of(before.jobs[job].schedule))

    after = config_of(back)
    assert after is not None
    assert only_schedules_differ(before, after, {})
    assert comments(back) == comments(text)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_job_of_the_starter_can_be_changed(data: st.DataObject) -> None:
    before = config_of(STARTER)
    assert before is not None
    job = data.draw(st.sampled_from(sorted(before.jobs)))
    others = sorted(name for name in before.jobs if name not in {job, "library-build"})
    after = st.lists(st.sampled_from(others), min_size=1, max_size=3, unique=True).map(tuple)
    schedule = data.draw(timed_schedules() | st.builds(After, jobs=after))
    assume(before.jobs[job].schedule != schedule and not (job == "recommendations" and isinstance(schedule, After)))

    new = changed(STARTER, job, phrase_of(schedule))

    assert set(STARTER.splitlines()) - set(new.splitlines()) == set()
    assert len(new.splitlines()) == len(STARTER.splitlines()) + 1


LISTED = (
    "schedules:\n  scan:\n    # mornings\n    - weekly on weekdays at 8:30 AM   # work\n"
    "    - weekly on weekends at 10 AM\n  sync: every hour\n"
)


def test_in_a_list_the_schedule_that_changes_changes_and_the_others_stay() -> None:
    now = changed(LISTED, "scan", "weekly on weekdays at 9 AM; weekly on weekends at 10 AM")

    assert now == LISTED.replace("weekly on weekdays at 8:30 AM", "weekly on weekdays at 9:00 AM")


def test_a_list_of_more_or_fewer_becomes_one_line() -> None:
    now = changed(LISTED, "scan", "weekly on weekdays at 8:30 AM")

    assert "  scan: weekly on weekdays at 8:30 AM" in now
    assert now.endswith("  sync: every hour\n")


def test_one_line_of_several_is_replaced_as_it_stands() -> None:
    text = "schedules:\n  scan: daily at 2 AM; every hour  # both\n"

    assert changed(text, "scan", "daily at 2 AM; every 2 hours") == text.replace("every hour", "every 2 hours")
