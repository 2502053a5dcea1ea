"""Plugins that answer in the place of what is built in."""

from __future__ import annotations

from typing import Any

import pytest

from aperture_plugin import Aperture, Job, hookimpl
from aperture_plugin.plugins.plugin_loader import load_plugins
from aperture_plugin.plugins.plugin_problems import PluginError
from aperture_plugin.ports import RunQuery
from aperture_plugin.rules.jobs import Outcome


class Last:
    """A host whose answers come last of all plugins, and still before the built-in one."""

    @hookimpl
    def aperture_jobs(self) -> list[Job]:
        return [Job("a", lambda run: "handler"), Job("b", lambda run: "handler")]

    @hookimpl(trylast=True)
    def aperture_run_job(self, job: Job) -> Outcome | None:
        return Outcome(result="plugin") if job.name == "a" else None


def test_what_is_built_in_is_asked_after_every_plugin(world_file: str) -> None:
    with Aperture(world_file, plugins=[Last()], entry_points=False) as aperture:
        results = {name: aperture.run(name).wait(20).result for name in ("a", "b")}
        histories = [[run.job for run in aperture.history(asked)] for asked in ("a", RunQuery(jobs=["b"]), None)]
        with pytest.raises(TypeError, match="history\\(\\) wants a RunQuery or the name of a job, not 7"):
            aperture.history(7)  # type: ignore[arg-type]  # as somebody may write it

    assert results == {"a": "plugin", "b": "handler"}
    assert histories == [["a"], ["b"], ["b", "a"]]


def test_an_argument_with_a_default_is_an_error_at_load() -> None:
    class Host:
        @hookimpl
        def aperture_ready(self, job: Job | None = None, cache: dict[str, str] = {}) -> None:  # noqa: B006
            """Never asked."""

    with pytest.raises(PluginError) as refused:
        load_plugins(directory=None, plugins=[Host()], entry_points=False)

    [problem] = refused.value.problems
    assert problem.message == "job of aperture_ready has a default, so it would never be given"
    assert problem.hint == "take the default away:  def aperture_ready(job)"


@pytest.fixture
def world_file(tmp_path: Any) -> str:
    """A file that schedules nothing."""
    path = tmp_path / "s.yaml"
    path.write_text("schedules:\n  a: manual only\n  b: manual only\n")
    return str(path)
