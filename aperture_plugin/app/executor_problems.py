"""The executor that a file names and nobody provides, as a problem at its place in the file."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from aperture_plugin.config.layers.settings import BUILT_IN_EXECUTORS
from aperture_plugin.config.model import Config
from aperture_plugin.config.problems import Place, Problem, Severity
from aperture_plugin.plugins.plugin_loader import Plugins
from aperture_plugin.plugins.plugin_problems import NoSuchExecutor
from aperture_plugin.ports import Executor
from aperture_plugin.words.parse_error import quoted

__all__ = ["check_executor", "executor_problem"]

_KEY: Final = re.compile(r"""^(["']?)executor\1[ ]*:[ ]*["']?([^\s"'#]+)""", re.MULTILINE)


def check_executor(config: Config, plugins: Plugins) -> list[Problem]:
    """Return the problem of an executor that none of *plugins* provides; nothing where one does.

    A plugin that knows the name makes its executor for this, which is stopped at once.

    Raises:
        PluginError: A plugin's `aperture_executor` raised.
    """
    if config.executor in BUILT_IN_EXECUTORS:
        return []
    built_in: dict[str, Callable[[], Executor]] = dict.fromkeys(BUILT_IN_EXECUTORS, _never_made)
    try:
        made = plugins.executor(config.executor, built_in, broker=config.broker)
    except NoSuchExecutor as error:
        return [executor_problem(error, config)]
    made.stop(timedelta(0))
    return []


def executor_problem(error: NoSuchExecutor, config: Config) -> Problem:
    """Return *error* as a problem at the place where *config* names the executor."""
    found = _KEY.search(config.text)
    place, lines = Place(1, 1), config.text[: 0 if found is None else found.start(2)]
    if found is not None:
        place = Place(lines.count("\n") + 1, found.start(2) - found.start() + 1, len(found[2]))
    return Problem(
        severity=Severity.ERROR,
        code="unknown-executor",
        message=f"{quoted(error.name)} is an executor that nobody provides",
        hint=error.problems[0].hint,
        file=config.file,
        place=place,
    )


def _never_made() -> Executor:
    raise AssertionError("a built-in executor is not asked for")
