"""What plugins are asked and told, and what becomes of their answers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest

from aperture_plugin import Job, Outcome, OutcomeStatus, hookimpl
from aperture_plugin.config.model import Config
from aperture_plugin.config.problems import Place, Problem, Severity
from aperture_plugin.plugins.plugin_loader import Plugins
from aperture_plugin.plugins.plugin_problems import PluginError
from aperture_plugin.ports import Executor, LiveRun
from aperture_plugin.rules.runs import Run

from .conftest import Folder, PlainRun


def scan(run: LiveRun) -> str:
    return "scanned"


class Yielding:
    """A plugin that yields what it was given."""

    def __init__(self, *jobs: Any) -> None:
        self.jobs = jobs
        self.asked = 0

    @hookimpl
    def aperture_jobs(self) -> Iterator[Any]:
        self.asked += 1
        yield from self.jobs


class Broken:
    """A plugin that raises whatever it is asked."""

    @hookimpl
    def aperture_library_size(self) -> NoReturn:
        raise OSError("no disk")

    @hookimpl
    def aperture_ready(self, job: Job) -> NoReturn:
        raise OSError("no network")

    @hookimpl
    def aperture_run_changed(self, run: Run) -> NoReturn:
        raise SystemExit(1)

    @hookimpl
    def aperture_config_loaded(self, config: Config) -> NoReturn:
        raise OSError("no disk")

    @hookimpl
    def aperture_config_rejected(self, problems: object) -> NoReturn:
        raise OSError("no disk")


class Hearing:
    """A plugin that writes down what it is told."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    @hookimpl
    def aperture_run_changed(self, run: Run) -> None:
        self.heard.append(run.id)

    @hookimpl
    def aperture_config_loaded(self, previous: Config | None) -> None:
        self.heard.append(previous)

    @hookimpl
    def aperture_config_rejected(self, problems: object) -> None:
        self.heard.append(problems)


def test_the_jobs_of_all_plugins_are_put_together_and_asked_for_once(folder: Folder) -> None:
    one, two = Yielding(Job("a", scan), Job("b", scan)), Yielding(Job("c", scan))
    plugins = folder.load(one, two)

    assert list(plugins.jobs) == list(plugins.jobs) == ["a", "b", "c"]
    assert one.asked == two.asked == 1


def test_asking_for_the_jobs_anew_brings_new_ones_or_leaves_the_old(folder: Folder) -> None:
    host = Yielding(Job("a", scan))
    plugins = folder.load(host)
    assert list(plugins.jobs) == ["a"]

    host.jobs = (Job("a", scan), Job("b", scan))
    plugins.ask_jobs()
    assert list(plugins.jobs) == ["a", "b"]

    host.jobs = (Job("a", scan), Job("a", scan))
    with pytest.raises(PluginError) as refused:
        plugins.ask_jobs()
    assert list(plugins.jobs) == ["a", "b"]
    assert [(one.code, one.file, one.message) for one in refused.value.as_problems("schedules.yaml")] == [
        ("plugin", __file__, 'plugin Yielding: job "a" has two owners: it yields it twice')
    ]


def test_everything_wrong_with_jobs_is_told_with_its_plugin(folder: Folder) -> None:
    class Raising:
        @hookimpl
        def aperture_jobs(self) -> Iterator[Job]:
            yield Job("fine", scan)
            raise OSError("no database")

    class Answering:
        @hookimpl
        def aperture_jobs(self) -> Job:
            return Job("lonely", scan)

    def two(one: object, other: object) -> None: ...

    yielding = Yielding(
        Job("scan", scan),
        Job("scan", scan),
        Job("a b", scan),
        Job("x" * 65, scan),
        "scan",
        Job("called", 3),  # type: ignore[arg-type]
    )

    told = folder.refused(
        yielding,
        Yielding(Job("scan", scan)),
        Raising(),
        Answering(),
        Yielding(Job("two", two), Job("c", scan, calls={"t": -1})),
    )

    messages = [line.partition("plugin ")[2] for line in told.split("\n")[0::2]]
    assert messages == [
        'Yielding: job "scan" has two owners: it yields it twice',
        'Yielding: "a b" is no name for a job',
        f'Yielding: "{"x" * 65}" is no name for a job',
        "Yielding: aperture_jobs yielded a str, not a Job",
        'Yielding: the handler of job "called" is an int',
        'Yielding (2): job "scan" has two owners: plugin Yielding registers it too',
        "Raising: aperture_jobs raised OSError: no database",
        "Answering: aperture_jobs answered with a Job",
        'Yielding (3): the handler of job "two" cannot be called with the live run alone',
        'Yielding (3): job "c" says calls of t: -1',
    ]
    assert all(line.startswith("   hint: ") for line in told.split("\n")[1::2])


@pytest.mark.parametrize("file", ["<string>", "<stdin>", "/plugins.zip/bad.py", "bad.py"])
@pytest.mark.parametrize(
    ("hook", "ask"),
    [
        ("aperture_jobs(self)", lambda plugins, _config: plugins.jobs),
        ("aperture_lint(self, config)", lambda plugins, config: plugins.lint(config)),
        ("aperture_executor(self, name)", lambda plugins, _config: plugins.executor("own", {})),
    ],
)
def test_a_plugin_without_a_source_file_that_raises_is_named_with_its_line(
    folder: Folder, config: Config, file: str, hook: str, ask: Callable[[Plugins, Config], object]
) -> None:
    text = f"class Bad:\n    @hookimpl\n    def {hook}:\n        raise RuntimeError('is broken')\n"
    space: dict[str, Any] = {"hookimpl": hookimpl}
    exec(compile(text, file, "exec"), space)
    plugins = folder.load(space["Bad"]())

    with pytest.raises(PluginError) as raised:
        ask(plugins, config)

    [problem] = raised.value.problems
    assert problem.where == f"{file}:4"
    assert problem.message == f"{hook.partition('(')[0]} raised RuntimeError: is broken"


def test_the_library_size_is_the_first_answer_and_a_raise_is_none(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    class Knowing:
        @hookimpl
        def aperture_library_size(self) -> int:
            return 1950

    class Wrong:
        @hookimpl
        def aperture_library_size(self) -> str:
            return "many"

    assert folder.load(Knowing(), Wrong(), Broken()).library_size() == 1950
    assert folder.load().library_size() is None
    assert [record.getMessage() for record in caplog.records] == [
        "plugin Broken: aperture_library_size raised",
        "plugin Wrong: aperture_library_size answered with 'many', not a number of items",
    ]


def test_lint_gathers_problems_and_names_the_plugin_that_raises(folder: Folder, config: Config) -> None:
    problem = Problem(
        severity=Severity.WARNING, code="no-backup", message="m", hint="h", file="schedules.yaml", place=Place(1, 1)
    )

    class Finding:
        @hookimpl
        def aperture_lint(self, config: Config) -> Iterator[Problem]:
            yield problem

    class Raising:
        @hookimpl
        def aperture_lint(self) -> NoReturn:
            raise KeyError("backup")

    class Talking:
        @hookimpl
        def aperture_lint(self) -> list[str]:
            return ["no backup"]

    assert folder.load(Finding()).lint(config) == [problem]
    with pytest.raises(PluginError) as refused:
        folder.load(Finding(), Raising(), Talking()).lint(config)
    assert [one.message for one in refused.value.problems] == [
        "aperture_lint yielded str, not a Problem",
        "aperture_lint raised KeyError: 'backup'",
    ]
    assert "test_registry.py:" in (refused.value.problems[1].where or "")


def test_every_reason_why_a_job_is_not_ready_is_told_and_a_raise_is_one(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    class Missing:
        @hookimpl
        def aperture_ready(self, job: Job) -> list[str]:
            return [f"{job.name} needs TMDB_API_KEY"]

    class Down:
        @hookimpl
        def aperture_ready(self) -> str:
            return "TMDB does not answer"

    reasons = folder.load(Missing(), Down(), Broken()).ready(Job("scan", scan))

    assert reasons == [
        "plugin Broken could not tell whether it is ready: OSError: no network",
        "TMDB does not answer",
        "scan needs TMDB_API_KEY",
    ]
    assert "no network" in caplog.text
    assert folder.load().ready(Job("scan", scan)) == []


def test_who_raises_when_told_is_logged_by_name_and_the_others_are_told(
    folder: Folder, config: Config, a_run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    before, after = Hearing(), Hearing()
    plugins = folder.load(before, Broken(), after)

    plugins.run_changed(a_run)
    plugins.config_loaded(config, None)
    plugins.config_rejected([])

    assert before.heard == after.heard == ["one", None, []]
    assert [(record.name, record.levelno, record.getMessage()) for record in caplog.records] == [
        ("aperture", logging.ERROR, "plugin Broken: aperture_run_changed raised"),
        ("aperture", logging.ERROR, "plugin Broken: aperture_config_loaded raised"),
        ("aperture", logging.ERROR, "plugin Broken: aperture_config_rejected raised"),
    ]
    assert all(record.exc_info for record in caplog.records)


def test_whether_anybody_wants_to_hear_of_runs(folder: Folder) -> None:
    assert (folder.load(Hearing()).hear_runs, folder.load().hear_runs) == (True, False)


# ── the dispatch ──


def test_a_wrapper_surrounds_every_run_and_sees_how_it_ended(folder: Folder) -> None:
    seen: list[object] = []

    class Tracing:
        @hookimpl(wrapper=True)
        def aperture_run_job(self, job: Job, run: LiveRun) -> Any:
            seen.append(job.name)
            outcome = yield
            seen.append(outcome.status)
            return outcome

    def fails(run: LiveRun) -> NoReturn:
        raise ValueError("no")

    plugins = folder.load(Tracing())

    assert plugins.run_job(Job("scan", scan), PlainRun()).result == "scanned"
    assert plugins.run_job(Job("fails", fails), PlainRun()).reason == "ValueError: no"
    assert seen == ["scan", "completed", "fails", "failed"]


def test_a_plugin_may_run_a_job_itself_and_is_asked_before_the_handler(folder: Folder) -> None:
    class Remote:
        @hookimpl
        def aperture_run_job(self, job: Job) -> Outcome | None:
            return Outcome(result="elsewhere") if job.category == "remote" else None

    plugins = folder.load(Remote())

    assert plugins.run_job(Job("a", scan, category="remote"), PlainRun()).result == "elsewhere"
    assert plugins.run_job(Job("b", scan), PlainRun()).result == "scanned"


def test_a_wrapper_that_raises_fails_the_run(folder: Folder) -> None:
    class Session:
        @hookimpl(wrapper=True)
        def aperture_run_job(self) -> Any:
            yield
            raise ConnectionError("commit failed")

    outcome = folder.load(Session()).run_job(Job("scan", scan), PlainRun())

    assert (outcome.status, outcome.reason) == (OutcomeStatus.FAILED, "ConnectionError: commit failed")
    assert outcome.error is not None
    assert "aperture_run_job" in outcome.error


def test_a_wrapper_that_keeps_the_outcome_to_itself_is_told_how_to_end(folder: Folder) -> None:
    class Forgetful:
        @hookimpl(wrapper=True)
        def aperture_run_job(self) -> Any:
            yield

    outcome = folder.load(Forgetful()).run_job(Job("scan", scan), PlainRun())

    assert outcome.reason == (
        "a plugin's aperture_run_job answered with NoneType instead of an Outcome; "
        "a wrapper ends with  return outcome  after  outcome = yield"
    )


# ── the executor ──


class Greenlets:
    name = "greenlets"

    def start(self, work: object, report: object) -> None: ...
    def cancel(self, key: object, reason: str) -> None: ...
    def kill(self, key: object) -> bool:
        return False

    def stop(self, timeout: object) -> None: ...


def test_a_plugins_executor_comes_before_ours_and_is_given_the_dispatch(folder: Folder) -> None:
    given: list[object] = []

    class Host:
        @hookimpl
        def aperture_executor(self, name: str, dispatch: object) -> Executor | None:
            given.append(dispatch)
            return Greenlets() if name == "greenlets" else None

    plugins, ours = folder.load(Host()), Greenlets()

    assert plugins.executor("greenlets", {}) is not ours
    assert plugins.executor("threads", {"threads": lambda: ours}) is ours
    assert given == [plugins.run_job, plugins.run_job]


def test_an_executor_that_nobody_knows_or_that_is_none_is_told(folder: Folder) -> None:
    class Host:
        @hookimpl
        def aperture_executor(self, name: str) -> Any:
            if name == "raises":
                raise OSError("no broker")
            return "celery" if name == "celery" else None

    plugins = folder.load(Host())

    for name, told in {
        "thread": 'no plugin provides an executor "thread"\n   hint: expected threads, or one that a plugin provides '
        'by aperture_executor; asked were Host; did you mean "threads"?',
        "raises": "aperture_executor raised OSError: no broker",
        "celery": "its executor str has no name, start, cancel, kill, stop",
    }.items():
        with pytest.raises(PluginError) as refused:
            plugins.executor(name, {"threads": Greenlets})
        assert told in str(refused.value)
