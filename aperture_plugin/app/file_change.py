"""A change to the file that a program makes for a person: worked out first, shown as a patch, written whole.

Nothing of what somebody else has saved in between is overwritten. Where the file cannot be replaced it is written in
place; where it cannot be written at all, the patch is what the person gets.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from aperture_plugin.app.plan.patch import patch_text
from aperture_plugin.app.reschedule import CannotEdit, rescheduled
from aperture_plugin.app.source import ConfigRefused, Source
from aperture_plugin.config.checks.lint.rhythms import runs_per_week
from aperture_plugin.config.edit.enabled_edit import only_enabled_differs, ways_to_switch
from aperture_plugin.config.model import Config, JobConfig
from aperture_plugin.files.atomic_write import write_whole
from aperture_plugin.files.bounded_read import Content, look_at
from aperture_plugin.words.errors import ApertureError
from aperture_plugin.words.phrases import phrase_of
from aperture_plugin.words.schedules import After, Manual

__all__ = ["FileChange", "SavedMeanwhile", "rescheduling", "switching", "version_of", "write_change"]

_log = logging.getLogger("aperture")

_NO_WRITING: Final = {errno.EBUSY, errno.EXDEV, errno.EACCES, errno.EPERM, errno.EROFS}
"""Errors of a system on which a file can neither be replaced nor written in place."""

_WRITING: Final = threading.Lock()


class SavedMeanwhile(ApertureError):
    """Somebody else has saved the file since it was looked at; nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """A change of one job's words in the file.

    Attributes:
        content: The file as it was looked at.
        before, after: What it says, and what it would say.
    """

    content: bytes
    before: Config
    after: Config
    job: str

    @property
    def new_content(self) -> bytes:
        """The file as it would be."""
        return self.after.text.encode()

    @property
    def changes(self) -> bool:
        """True if a byte of the file changes."""
        return self.new_content != self.content

    @property
    def patch(self) -> str:
        """The change as a unified diff, which `git apply` takes; empty where nothing changes."""
        return patch_text(self.before.file, self.before.text, self.after.text) if self.changes else ""

    @property
    def old_job(self) -> JobConfig:
        """The job as it is."""
        return self.before.effective_job(self.job)

    @property
    def new_job(self) -> JobConfig:
        """The job as it would be."""
        return self.after.effective_job(self.job)

    @property
    def summary(self) -> str:
        """The change, in one sentence."""
        old, new = self.old_job, self.new_job
        phrase = phrase_of(new.schedule)
        if not self.changes:
            return f"{self.job} stays as it is: {phrase}"
        if old.enabled != new.enabled:
            return f"{self.job} is switched {'on' if new.enabled else 'off'}; its schedule stays as it is: {phrase}"
        was, is_now = (runs_per_week(job.schedule) for job in (old, new))
        if isinstance(new.schedule, Manual):
            ended = f"; the {_runs(was)} a week end" if was else ""
            return f"{self.job} runs only when someone asks for it{ended}"
        message = f"{self.job}: {phrase} in place of {phrase_of(old.schedule)}"
        if isinstance(new.schedule, After) or isinstance(old.schedule, After):
            return message
        return message + (
            f"; {_runs(is_now)} a week, as before" if was == is_now else f"; {_runs(is_now)} a week, not {_count(was)}"
        )


def version_of(content: Content) -> str:
    """Return what tells one content of the file from any other; that of a file that is not there too."""
    return hashlib.sha256(content if isinstance(content, bytes) else b"").hexdigest()


def rescheduling(source: Source, content: bytes, job: str, phrase: str, *, now: datetime) -> FileChange:
    """Return the change by which *job* has the schedule *phrase*.

    Raises:
        KeyError, Unreadable, ConfigRefused, CannotEdit: As for `rescheduled`.
    """
    before = _read(source, content, now)
    return FileChange(content=content, before=before, after=rescheduled(source, content, job, phrase, now=now), job=job)


def switching(source: Source, content: bytes, job: str, *, enabled: bool, now: datetime) -> FileChange:
    """Return the change by which *job* is *enabled*, or not; the words of its schedule stay as they are.

    Raises:
        KeyError: No such job is in the file, or registered.
        ConfigRefused: The file is bad.
        CannotEdit: The job is written in a way that cannot be changed without changing more.
    """
    before = _read(source, content, now)
    registered = source.plugins is not None and job in source.plugins.jobs
    if job not in before.jobs and not registered:
        raise KeyError(f"{job} is neither in {source.name} nor registered by a plugin")
    if before.effective_job(job).enabled == enabled:
        return FileChange(content=content, before=before, after=before, job=job)
    for text in ways_to_switch(before, job, enabled=enabled):
        after = source.read(text.encode(), now=now, starting=True).config
        if after is not None and only_enabled_differs(before, after, job, enabled=enabled):
            return FileChange(content=content, before=before, after=after, job=job)
    raise CannotEdit(f"{job} is written in {source.name} in a way that only a person can change")


def write_change(source: Source, change: FileChange) -> bool:
    """Write *change* to the file; return whether it could be written.

    Raises:
        SavedMeanwhile: The file is not any more what it was when the change was worked out.
        OSError: The disk is full, or fails; the file is as it was.
    """
    with _alone(source.path):
        if look_at(source.path) != change.content:
            raise SavedMeanwhile(f"{source.name} was saved by somebody else meanwhile")
        try:
            write_whole(source.path, change.new_content)
        except OSError as error:
            if error.errno not in _NO_WRITING:
                raise
            _log.info("%s cannot be written from here: %s", source.name, error.strerror)
            return False
        return True


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other threads, and other processes of ours, from writing the file at the same time."""
    with _WRITING:
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            yield  # A file that cannot be read is reported by the next step.
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _read(source: Source, content: bytes, now: datetime) -> Config:
    reading = source.read(content, now=now, starting=True)
    if reading.config is None:
        raise ConfigRefused(reading.problems, reading.text)
    return reading.config


def _runs(number: float) -> str:
    return "1 run" if number == 1 else f"{_count(number)} runs"


def _count(number: float) -> str:
    return f"{number:,.4g}" if number < 1000 else f"{round(number):,}"
