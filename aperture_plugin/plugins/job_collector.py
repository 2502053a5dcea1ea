"""Collects and checks the jobs that plugins register."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import FunctionType, MethodType
from typing import Any, Final

from aperture_plugin.plugins.plugin_problems import PluginProblem, line_of, one_line, where_raised
from aperture_plugin.rules.jobs import Job

__all__ = ["JobsAsked"]

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class JobsAsked:
    """The jobs of all plugins, and the problems with them.

    Attributes:
        jobs: The usable jobs, by name, in the order in which they were yielded.
        owners: The plugin that each job came from.
        problems: The problems of the others.
    """

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.owners: dict[str, str] = {}
        self.problems: list[PluginProblem] = []

    def take(self, plugin: str, answer: object, where: str) -> None:
        """Add the jobs that *plugin* returned.

        Args:
            answer: Jobs; None for none. A generator runs here, so that its exceptions are reported with the plugin.
            where: The place of its `aperture_jobs`, for messages.
        """
        if answer is None:
            return
        if isinstance(answer, Job) or not isinstance(answer, Iterable) or isinstance(answer, str | bytes | Mapping):
            self._add(
                plugin, where, f"aperture_jobs answered with {_a(answer)}", "yield each Job, or return a list of them"
            )
            return
        for value in answer:
            self._take_one(plugin, value, where)

    def failed(self, plugin: str, error: BaseException, where: str) -> None:
        """Add the problem that `aperture_jobs` of *plugin* raised."""
        place = where_raised(error) or where
        self._add(plugin, place, f"aperture_jobs raised {one_line(error)}", "mend it: no job of it can be known")

    def _take_one(self, plugin: str, job: object, where: str) -> None:
        if not isinstance(job, Job):
            self._add(
                plugin,
                where,
                f"aperture_jobs yielded {_a(job)}, not a Job",
                'write  yield Job("library-scan", self.scan)',
            )
            return
        wrong = _wrong_with(job)
        if wrong is not None:
            self._add(plugin, _place_of(job.handler) or where, *wrong)
        elif job.name in self.jobs:
            other = self.owners[job.name]
            owners = "it yields it twice" if other == plugin else f"plugin {other} registers it too"
            where = _place_of(job.handler) or where
            self._add(plugin, where, f'job "{job.name}" has two owners: {owners}', "give one of them another name")
        else:
            self.jobs[job.name] = _in_plain_text(job)
            self.owners[job.name] = plugin

    def _add(self, plugin: str, where: str, message: str, hint: str) -> None:
        self.problems.append(PluginProblem(plugin=plugin, where=where, message=message, hint=hint))


def _wrong_with(job: Job) -> tuple[str, str] | None:
    """Return message and hint for a job that could never run, None for one that can."""
    if not isinstance(job.name, str):
        return f"a job's name is text, not {_a(job.name)}", 'write  Job("library-scan", …)'
    if not _NAME.fullmatch(job.name):
        return (
            f'"{job.name}" is no name for a job',
            "a name begins with a letter or digit, goes on with letters, digits, dots, underscores and hyphens, "
            "and has at most 64 of them",
        )
    if not callable(job.handler):
        return f'the handler of job "{job.name}" is {_a(job.handler)}', "give a function, without calling it"
    if not _can_be_called(job.handler):
        return (
            f'the handler of job "{job.name}" cannot be called with the live run alone',
            f"write  def {getattr(job.handler, '__name__', 'handler')}(run)  or give a bound method, such as self.scan",
        )
    for name, calls in job.calls.items():
        if not isinstance(calls, int) or isinstance(calls, bool) or calls < 0:
            return f'job "{job.name}" says calls of {name}: {calls!r}', "write a whole number, 0 or more"
    return None


_PLAIN: Final = (str, type(None))


def _in_plain_text(job: Job) -> Job:
    """Return *job* with texts as `str`: a host may give lazily translated ones."""
    if type(job.title) in _PLAIN and type(job.description) in _PLAIN and type(job.category) in _PLAIN:
        return job  # Each reload does this for every job, and the copy is the slowest part of it.
    return replace(job, title=_text(job.title), description=_text(job.description), category=_text(job.category))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _can_be_called(handler: Any) -> bool:
    bound = isinstance(handler, MethodType)
    function = handler.__func__ if isinstance(handler, MethodType) else handler
    if isinstance(function, FunctionType) and not function.__dict__:
        # The same answer as the signature gives, in a fiftieth of the time: each reload checks every job.
        code = function.__code__
        takes_itself = code.co_argcount >= bound or bool(code.co_flags & inspect.CO_VARARGS)
        needed = code.co_argcount - bound - len(function.__defaults__ or ())
        return takes_itself and needed <= 1 and code.co_kwonlyargcount == len(function.__kwdefaults__ or ())
    try:
        signature = inspect.signature(handler)
    except (TypeError, ValueError):  # Some callables written in C have no signature.
        return True
    for arguments in ((None,), ()):
        try:
            signature.bind(*arguments)
        except TypeError:
            continue
        return True
    return False


def _place_of(handler: Any) -> str | None:
    code = getattr(inspect.unwrap(handler) if callable(handler) else handler, "__code__", None)
    return None if code is None else line_of(code)


def _a(value: object) -> str:
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
