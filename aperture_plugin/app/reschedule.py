"""A job's schedule changed in the file, by a program instead of a person: checked first, then written whole."""

from __future__ import annotations

from datetime import datetime

from aperture_plugin.app.source import ConfigRefused, Source
from aperture_plugin.config.edit.reschedule_edit import only_schedules_differ, ways_to_reschedule
from aperture_plugin.config.model import Config
from aperture_plugin.config.schema.value_parsers import read_checked_phrase
from aperture_plugin.files.atomic_write import write_whole
from aperture_plugin.files.bounded_read import look_at
from aperture_plugin.words.errors import ApertureError

__all__ = ["CannotEdit", "reschedule", "rescheduled"]


class CannotEdit(ApertureError, ValueError):
    """The file cannot be changed by a program; a person can."""


def reschedule(source: Source, job: str, phrase: str, *, now: datetime) -> Config:
    """Change the file of *source* so that *job* has the schedule *phrase*; return what it says then.

    It is written by a rename, with the mode and owner that it had, through links. Nothing is written where the job
    has that schedule already.

    Args:
        now: Aware; what `once` is held against.
    Raises:
        FileNotFoundError: It is not there.
        KeyError, Unreadable, ConfigRefused, CannotEdit: As for `rescheduled`; or it was saved while it was changed.
        PluginError: A plugin's `aperture_lint` raised.
        OSError: It cannot be written; then it is as it was.
    """
    content = look_at(source.path)
    if content is None:
        raise source.missing()
    if not isinstance(content, bytes):
        raise CannotEdit(f"{source.name} cannot be read: {content.reason}")
    config = rescheduled(source, content, job, phrase, now=now)
    changed = config.text.encode()
    if changed == content:
        return config
    if look_at(source.path) != content:
        raise CannotEdit(f"{source.name} was saved by somebody else at the same time; try again")
    write_whole(source.path, changed)
    return config


def rescheduled(source: Source, content: bytes, job: str, phrase: str, *, now: datetime) -> Config:
    """Return what the file of *source*, which holds *content*, says once *job* has the schedule *phrase* in its text.

    Every other job, and all that the file says beside schedules, is as before.

    Raises:
        KeyError: No such job is in the file, or registered.
        Unreadable: The phrase says no schedule, or one that never fires.
        ConfigRefused: The file is bad, or would be: the schedule names a job that there is not, or goes round in
            a circle; the problems are those of the changed text.
        CannotEdit: The job is written in a way that cannot be changed without changing more.
    """
    before = source.read(content, now=now, starting=True)
    if before.config is None:
        raise ConfigRefused(before.problems, before.text)
    config = before.config
    registered = source.plugins is not None and job in source.plugins.jobs
    if job not in config.jobs and not registered:
        raise KeyError(f"{job} is neither in {source.name} nor registered by a plugin")
    schedule = read_checked_phrase(phrase)
    if config.effective_job(job).schedule == schedule:
        return config
    refused: ConfigRefused | None = None
    for text in ways_to_reschedule(config, job, phrase, schedule):
        after = source.read(text.encode(), now=now, starting=True)
        if after.config is None:
            refused = refused or ConfigRefused(after.problems, after.text)
        elif only_schedules_differ(config, after.config, {job: schedule}):
            return after.config
    if refused is not None:
        raise refused
    raise CannotEdit(f"{job} is written in {source.name} in a way that only a person can change")
