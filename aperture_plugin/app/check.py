"""Is a file good: read whole, with the plugins whose jobs it names, or with a manifest of those names.

Plugins that cannot be loaded are problems like any other, and the file's own are still found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aperture_plugin.app.executor_problems import check_executor
from aperture_plugin.app.source import Source
from aperture_plugin.config.model import Config, Reading
from aperture_plugin.config.problem_report import problem_json
from aperture_plugin.config.problems import Problem
from aperture_plugin.plugins.plugin_problems import PluginError

if TYPE_CHECKING:
    from aperture_plugin.plugins.registry import Plugins

__all__ = ["Checked", "check"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The result of checking a file.

    Attributes:
        file: As reports name it.
        text: Its content.
        jobs: Number of jobs in it, as far as it could be read.
        problems: Errors and warnings in file order.
        config: The configuration of a valid file.
    """

    file: str
    text: str = field(repr=False)
    jobs: int
    problems: tuple[Problem, ...]
    config: Config | None

    @property
    def is_valid(self) -> bool:
        """True if it could be put in force: it has no errors."""
        return not any(problem.is_error for problem in self.problems)

    def json(self) -> dict[str, Any]:
        """Return it in the shape of `aperture check --format json`."""
        return {
            "file": self.file,
            "valid": self.is_valid,
            "jobs": self.jobs,
            "problems": [problem_json(problem) for problem in self.problems],
        }


def check(
    source: Source,
    *,
    now: datetime,
    load: Callable[[], Plugins] | None = None,
    manifest: Mapping[str, Mapping[str, int]] | None = None,
    data: bytes | None = None,
) -> Checked:
    """Check the file of *source*.

    Args:
        now: The time with which `once` is compared.
        load: Loads the plugins; None leaves the host alone.
        manifest: The jobs that a host registers, beside those of the plugins, each with the calls that it declares.
        data: Its content, where it is not to be read from the disk.
    Raises:
        FileNotFoundError: It is not there.
        OSError: It cannot be read.
    """
    alone = replace(source, plugins=None, manifest=manifest)

    def read(chosen: Source) -> Reading:
        if data is None:
            return chosen.load(now=now, linting=True)
        return chosen.read(data, now=now, linting=True)

    broken: list[Problem] = []
    try:
        plugins = None if load is None else load()
        reading = read(replace(alone, plugins=plugins))
        if plugins is not None and reading.config is not None:
            reading = reading.with_problems(check_executor(reading.config, plugins))
    except PluginError as error:
        broken = error.as_problems(source.name)
        reading = read(alone)
    # With a plugin that cannot be loaded it is no news that names cannot be checked.
    found = [problem for problem in reading.problems if not broken or problem.code != "jobs-not-checked"]
    return Checked(
        file=source.name,
        text=reading.text,
        jobs=reading.job_count,
        problems=(*broken, *found),
        config=None if broken else reading.config,
    )
