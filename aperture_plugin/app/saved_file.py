"""A saved file: read as a whole by its plugins and executors, and handed to the loop if it is good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from aperture_plugin.app.executor_problems import executor_problem
from aperture_plugin.app.executor_router import Executors
from aperture_plugin.app.source import Source
from aperture_plugin.config.problems import Problem
from aperture_plugin.files.bounded_read import Content
from aperture_plugin.loop.inbox import Inbox
from aperture_plugin.loop.messages import ConfigRead
from aperture_plugin.plugins.plugin_loader import Plugins
from aperture_plugin.plugins.plugin_problems import NoSuchExecutor, PluginError

__all__ = ["Judged", "judged", "nothing"]

Judged = tuple[bool, Sequence[Problem], Callable[[], object]]
"""The judgment of a content, its problems, and the message that hands it to the loop."""


def judged(
    content: Content, source: Source, plugins: Plugins, executors: Executors | None, inbox: Inbox, *, now: datetime
) -> Judged:
    """Read *content* as a new one of the file; plugins are asked for their jobs anew.

    Args:
        content: None stands for a file that is gone.
        inbox: The queue that notifies the loop, once the last of what is returned is called.
    """
    try:
        plugins.ask_jobs()
        reading = source.judge(content, now=now, starting=True)
        if reading.config is not None and executors is not None:
            executors.named_by(reading.config)
    except NoSuchExecutor as error:
        assert reading.config is not None, "only a valid file is asked for its executor"
        return False, [executor_problem(error, reading.config)], nothing
    except PluginError as error:
        return False, error.as_problems(source.name), nothing
    if reading.config is None:
        return False, reading.problems, nothing
    message = ConfigRead(config=reading.config, jobs=dict(plugins.jobs))
    return True, reading.problems, partial(inbox.put, message)


def nothing() -> None:
    """Hand nothing on: a bad file brings nothing into force."""
