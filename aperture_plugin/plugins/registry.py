"""The registry of plugins, through which the rest of the program calls hooks.

Most hooks are called one implementation after the other, so that an exception is reported with its plugin and
the next plugin is still called. Only `aperture_run_job` goes through pluggy's own call, because only that can
be wrapped.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, Final

import pluggy

from aperture_plugin.config.model import Config
from aperture_plugin.config.problems import Problem
from aperture_plugin.plugins.builtin import BuiltIn
from aperture_plugin.plugins.hooks_folder import HOOKS_FOLDER, forget_folder
from aperture_plugin.plugins.hookspecs import PROJECT, Hooks
from aperture_plugin.plugins.job_collector import JobsAsked
from aperture_plugin.plugins.outcomes import checked, outcome_of_error
from aperture_plugin.plugins.plugin_files import changed_since, file_prints, files_below, files_of
from aperture_plugin.plugins.plugin_problems import (
    NoSuchExecutor,
    PluginError,
    PluginProblem,
    line_of,
    one_line,
    shown,
    where_raised,
)
from aperture_plugin.ports import Executor, LiveRun, Mailbox, Spender
from aperture_plugin.rules.jobs import Job, Outcome, OutcomeStatus
from aperture_plugin.rules.runs import AttemptKey, Run
from aperture_plugin.words.did_you_mean import did_you_mean

__all__ = ["RAISED", "Origin", "Plugin", "Plugins"]

_log = logging.getLogger("aperture")

RAISED: Final = (Exception, SystemExit)
"""The exceptions of a hook that are reported as the plugin's; KeyboardInterrupt is not one of them."""


class Origin:
    """The values of `Plugin.origin`."""

    BUILT_IN = "built in"
    ENTRY_POINT = "entry point"
    FOLDER = "hooks folder"
    MODULE = "--plugin"
    HOST = "host"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """A plugin that was found.

    Attributes:
        name: Its name in messages; unique.
        origin: One of `Origin`.
        value: The object or module that implements hooks.
    """

    name: str
    origin: str
    value: object


class _Manager(pluggy.PluginManager):
    def parse_hookimpl_opts(self, plugin: object, name: str) -> Any:
        # Some pluggy versions look by getattr, which would run a host's properties.
        from aperture_plugin.plugins.hook_validation import function_of

        return None if function_of(plugin, name) is None else super().parse_hookimpl_opts(plugin, name)


class Plugins:
    """The plugins of one process; made by `load_plugins`.

    Every method may be called from any thread.
    """

    def __init__(self, plugins: Sequence[Plugin], *, recipe: Mapping[str, Any] | None = None) -> None:
        """Register plugins that were checked already.

        Args:
            plugins: In the order in which they were found; the one found last is called first.
            recipe: The keyword arguments, as JSON, with which `load_plugins` finds them in another process.
        """
        self._recipe = dict(recipe or {})
        self._built_in = BuiltIn()
        self._found = tuple(plugins)
        self._manager = _Manager(PROJECT)
        self._manager.add_hookspecs(Hooks)
        for plugin in plugins:
            self._manager.register(plugin.value, plugin.name)
        # Of those that answer last, the one registered last is the last of all: a host's may be `trylast` too.
        self._manager.register(self._built_in, "built-in")
        runs = self._manager.hook.aperture_run_job
        # Without wrappers, runs skip the cost of pluggy's call.
        self._dispatch = runs if len(runs.get_hookimpls()) > 1 else self._built_in.aperture_run_job
        self._asked: JobsAsked | None = None
        self._file_prints: Mapping[str, str] = {}

    @property
    def found(self) -> bool:
        """True if there is any plugin beside the built-in one."""
        return bool(self._found)

    def names(self) -> list[tuple[str, str]]:
        """Return each plugin's name and where it came from, in the order they were found."""
        return [("built-in", Origin.BUILT_IN), *((plugin.name, plugin.origin) for plugin in self._found)]

    def note_files(self) -> None:
        """Take note of what the plugins' files hold, for `changed_files`."""
        self._file_prints = file_prints(self._files())

    def changed_files(self) -> list[Path]:
        """Return the plugins' files that changed, came or went since they were noted: plugins are read at the start."""
        return changed_since(self._file_prints, self._files())

    def _files(self) -> Iterator[Path]:
        directory = self._recipe.get("directory")
        if directory:
            yield from files_below(Path(directory, HOOKS_FOLDER))
        for plugin in self._found:
            if plugin.origin in {Origin.ENTRY_POINT, Origin.MODULE}:
                yield from files_of(plugin.value)

    def recipe(self) -> dict[str, Any]:
        """Return, as JSON, what `aperture_plugin.worker` needs to load the same plugins in a process of its own.

        Objects that the host gave are not among them; their other hooks are called in this process.

        Raises:
            PluginError: Such an object registers jobs or wraps runs, so that the other process needs it.
        """
        needed = ("aperture_jobs", "aperture_run_job")
        callers = [getattr(self._manager.hook, hook) for hook in needed]
        owners = {id(one.plugin) for caller in callers for one in caller.get_hookimpls()}
        modules = list(self._recipe.get("modules", ()))
        stuck: list[PluginProblem] = []
        for plugin in self._found:
            if plugin.origin != Origin.HOST or id(plugin.value) not in owners:
                continue
            name = plugin.value.__name__ if isinstance(plugin.value, ModuleType) else "__main__"
            if name != "__main__" and sys.modules.get(name) is plugin.value:
                modules.append(name)
                continue
            stuck.append(
                PluginProblem(
                    plugin=plugin.name,
                    message="it is an object of this process, and a process of its own cannot reach its jobs",
                    hint="make it a module: in hooks/, as --plugin or as an entry point; or write  executor: threads",
                )
            )
        if stuck:
            raise PluginError(stuck)
        return {**self._recipe, "modules": modules}

    # ── asked at load ──

    @property
    def jobs(self) -> Mapping[str, Job]:
        """Every job that a plugin registered, by name; `aperture_jobs` is called at the first access.

        Raises:
            PluginError: A plugin raised, or yielded something else than a job, or a job that another one has.
        """
        return MappingProxyType(self._jobs_asked().jobs)

    def ask_jobs(self) -> None:
        """Call `aperture_jobs` again, as each reload does; the former jobs stay if that fails.

        Raises:
            PluginError: As for `jobs`.
        """
        self._asked = self._ask_jobs()

    def owner(self, job: str) -> str | None:
        """Return the name of the plugin that registered *job*, None if none did."""
        return self._jobs_asked().owners.get(job)

    def library_size(self) -> int | None:
        """Return how many items the library holds, None if no plugin knows."""
        for name, call, _ in self._each("aperture_library_size"):
            try:
                size = call()
            except RAISED:  # a plugin may raise anything, and only its own answer is lost
                _log.exception("plugin %s: aperture_library_size raised", name)
                continue
            if isinstance(size, int) and not isinstance(size, bool) and size >= 0:
                return size
            if size is not None:
                _log.error("plugin %s: aperture_library_size answered with %r, not a number of items", name, size)
        return None

    def lint(self, config: Config) -> list[Problem]:
        """Return the problems that the plugins find in *config*.

        Raises:
            PluginError: A plugin raised, or answered with something else than problems.
        """
        found: list[Problem] = []
        wrong: list[PluginProblem] = []
        for name, call, where in self._each("aperture_lint", config=config):
            try:
                answer = list(call() or ())
            except RAISED as error:  # reported with the plugin's name, below
                wrong.append(_raised(name, "aperture_lint", error, where))
                continue
            found.extend(one for one in answer if isinstance(one, Problem))
            wrong.extend(
                PluginProblem(
                    plugin=name,
                    where=where,
                    message=f"aperture_lint yielded {type(one).__name__}, not a Problem",
                    hint="write  yield config.problem(…)",
                )
                for one in answer
                if not isinstance(one, Problem)
            )
        if wrong:
            raise PluginError(wrong)
        return found

    def executor(
        self,
        name: str,
        built_in: Mapping[str, Callable[[], Executor]],
        *,
        spend: Spender | None = None,
        broker: str | None = None,
        mailbox: Callable[[], Mailbox] | None = None,
    ) -> Executor:
        """Return the executor called *name*; plugins come before the built-in ones.

        Args:
            built_in: Functions that make the built-in executors, by name.
            spend: Spends from limits for the runs of a plugin's executor.
            broker: The file's `broker`.
            mailbox: Returns the store's mailbox, for a plugin's executor.
        Raises:
            PluginError: No plugin provides that name, a plugin raised, or returned something else.
        """
        self._built_in.executors = built_in
        given = {"dispatch": self.run_job, "spend": spend or _no_limits, "broker": broker, "mailbox": mailbox}
        asked = self._each("aperture_executor", name=name, **given)
        for plugin, call, where in asked:
            try:
                answer = call()
            except PluginError:
                raise
            except RAISED as error:
                raise PluginError([_raised(plugin, "aperture_executor", error, where)]) from error
            if answer is None:
                continue
            missing = [part for part in ("name", "start", "cancel", "kill", "stop") if not hasattr(answer, part)]
            if missing:
                message = f"its executor {type(answer).__name__} has no {', '.join(missing)}"
                hint = "see Executor in aperture_plugin.ports for what an executor has to have"
                raise PluginError([PluginProblem(plugin=plugin, where=where, message=message, hint=hint)])
            return answer  # type: ignore[no-any-return]  # Just looked at, part by part.
        raise NoSuchExecutor(name, self._who_provides(name, tuple(built_in)))

    def _who_provides(self, name: str, built_in: tuple[str, ...]) -> str:
        """Return the hint for an executor that nobody provides: the built-in ones, and the plugins that were asked."""
        hooks = self._manager.hook.aperture_executor.get_hookimpls()
        asked = [one.plugin_name for one in hooks if one.plugin_name != "built-in"]
        others = f"one that a plugin provides by aperture_executor; asked were {', '.join(asked)}"
        if not asked:
            others = f"one that a plugin provides by aperture_executor; none of those found has it ({self.looked_in})"
        return f"expected {', '.join(built_in)}, or {others}{did_you_mean(name, built_in)}"

    @property
    def looked_in(self) -> str:
        """The places where plugins were looked for, as a clause."""
        where = ["installed distributions"] if self._recipe.get("entry_points") else []
        if directory := self._recipe.get("directory"):
            folder = Path(directory, HOOKS_FOLDER)
            where.append(shown(folder) + ("" if folder.is_dir() else ", which is not there"))
        where += self._recipe.get("modules") or []
        return f"looked for in {'; '.join(where)}" if where else "looked for nowhere"

    # ── asked while the loop runs ──

    def ready(self, job: Job) -> list[str]:
        """Return the reasons that hold *job* back; none if it may run. Never raises."""
        reasons: list[str] = []
        for name, call, _ in self._each("aperture_ready", job=job):
            try:
                answer = call()
                reasons.extend([answer] if isinstance(answer, str) else map(str, answer or ()))
            except BaseException as error:  # noqa: BLE001 - it holds the job back, in words
                _log.exception("plugin %s: aperture_ready raised for %s", name, job.name)
                reasons.append(f"plugin {name} could not tell whether it is ready: {one_line(error)}")
        return [reason for reason in reasons if reason.strip()]

    def run_job(self, job: Job, run: LiveRun) -> Outcome:
        """Run one attempt of *job* by way of `aperture_run_job`; the `Dispatch` of every executor. Never raises."""
        try:
            outcome = self._dispatch(job=job, run=run)
        except BaseException as error:  # noqa: BLE001 - whatever a wrapper does, the attempt has ended
            return outcome_of_error(error, job, run)
        if isinstance(outcome, Outcome):
            return checked(outcome, run)
        return Outcome(
            status=OutcomeStatus.FAILED,
            reason=f"a plugin's aperture_run_job answered with {type(outcome).__name__} instead of an Outcome; "
            "a wrapper ends with  return outcome  after  outcome = yield",
        )

    # ── notified ──

    def config_loaded(self, config: Config, previous: Config | None) -> None:
        """Notify the plugins that *config* is in force. Never raises."""
        self._tell("aperture_config_loaded", config=config, previous=previous)

    def config_rejected(self, problems: Sequence[Problem]) -> None:
        """Notify the plugins that a saved file was refused. Never raises."""
        self._tell("aperture_config_rejected", problems=problems)

    def run_changed(self, run: Run) -> None:
        """Notify the plugins that a run changed its state. Never raises."""
        self._tell("aperture_run_changed", run=run)

    @property
    def hear_runs(self) -> bool:
        """True if any plugin implements `aperture_run_changed`."""
        return bool(self._manager.hook.aperture_run_changed.get_hookimpls())

    @property
    def asks_ready(self) -> bool:
        """True if any plugin implements `aperture_ready`."""
        return bool(self._manager.hook.aperture_ready.get_hookimpls())

    def close(self) -> None:
        """Unload the modules that were imported from hooks folders; their handlers must have ended."""
        for plugin in self._found:
            if plugin.origin == Origin.FOLDER and isinstance(plugin.value, ModuleType):
                forget_folder(plugin.value)

    # ── helpers ──

    def _each(self, hook: str, **arguments: object) -> Iterator[tuple[str, Callable[[], Any], str]]:
        """Yield the plugin's name, the call and the place of each implementation, the last plugin's first."""
        for implementation in reversed(getattr(self._manager.hook, hook).get_hookimpls()):
            given = [arguments[name] for name in implementation.argnames]
            function = implementation.function

            def call(function: Callable[..., Any] = function, given: list[object] = given) -> Any:
                return function(*given)

            code = getattr(function, "__code__", None)
            yield implementation.plugin_name, call, "" if code is None else line_of(code)

    def _tell(self, hook: str, **arguments: object) -> None:
        for implementation in reversed(getattr(self._manager.hook, hook).get_hookimpls()):
            try:
                implementation.function(*[arguments[name] for name in implementation.argnames])
            except BaseException:  # noqa: BLE001 - SystemExit too: a plugin that is only notified ends nothing
                _log.exception("plugin %s: %s raised", implementation.plugin_name, hook)

    def _jobs_asked(self) -> JobsAsked:
        if self._asked is None:
            self._asked = self._ask_jobs()
        return self._asked

    def _ask_jobs(self) -> JobsAsked:
        asked = JobsAsked()
        # In the order found, so that of two owners the problem names the later one.
        for name, call, where in reversed(list(self._each("aperture_jobs"))):
            try:
                asked.take(name, call(), where)
            except RAISED as error:  # reported with the plugin's name, with all the others
                asked.failed(name, error, where)
        if asked.problems:
            raise PluginError(asked.problems)
        return asked


def _raised(plugin: str, hook: str, error: BaseException, where: str) -> PluginProblem:
    return PluginProblem(
        plugin=plugin,
        where=where_raised(error) or where,
        message=f"{hook} raised {one_line(error)}",
        hint="mend it, or take the plugin out",
    )


def _no_limits(_key: AttemptKey, limit: str, _calls: int, _cancelled: object) -> None:
    raise KeyError(f'there is no limit "{limit}"')
