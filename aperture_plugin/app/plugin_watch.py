"""Watches the files of plugins, which are read only at the start of a loop, and reports their changes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from aperture_plugin.config.problems import Problem
from aperture_plugin.files.bounded_read import shown
from aperture_plugin.loop.inbox import Inbox
from aperture_plugin.loop.messages import PluginsChanged
from aperture_plugin.plugins.plugin_loader import Plugins

__all__ = ["PluginWatch", "files_changed"]

_log = logging.getLogger("aperture")

_UNKNOWN_JOB = "unknown-job"


class PluginWatch:
    """Notices changed files of plugins, logs them, and notifies the loop.

    Attributes:
        changed: The files that are not as they were when they were loaded, as reports name them.
    """

    def __init__(self, plugins: Plugins, inbox: Inbox) -> None:
        """Note the present content of the files."""
        self.changed: tuple[str, ...] = ()
        self._plugins = plugins
        self._inbox = inbox
        plugins.note_files()

    def look(self) -> None:
        """Look at the files; each change is reported once."""
        changed = tuple(shown(path) for path in self._plugins.changed_files())
        if changed == self.changed:
            return
        self.changed = changed
        if changed:
            _log.warning("%s; restart it, or start it with --reload", files_changed(changed))
        self._inbox.put(PluginsChanged(files=changed))

    def explained(self, problems: Sequence[Problem]) -> list[Problem]:
        """Return *problems* with what helps where a job is unknown only because its plugin has changed."""
        if not any(problem.code == _UNKNOWN_JOB for problem in problems):
            return list(problems)
        self.look()
        if not self.changed:
            return list(problems)
        hint = f"{files_changed(self.changed)}: restart it"
        return [
            replace(problem, hint=f"{hint}\n{problem.hint}") if problem.code == _UNKNOWN_JOB else problem
            for problem in problems
        ]


def files_changed(files: Sequence[str]) -> str:
    """Return the news as a sentence without its end.

    >>> files_changed(["hooks/jobs.py"])
    'hooks/jobs.py has changed since the loop began, and plugins are read at its start'
    """
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    verb = "have" if more else "has"
    return f"{files[0]}{more} {verb} changed since the loop began, and plugins are read at its start"
