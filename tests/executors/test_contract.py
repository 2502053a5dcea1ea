"""One suite over every executor: ours, and one as a host might bring it."""

from __future__ import annotations

from aperture_plugin.executors.processes import ProcessExecutor
from aperture_plugin.executors.threads import ThreadExecutor
from aperture_plugin.plugins.registry import Plugins
from aperture_plugin.ports import Executor, Spender
from aperture_plugin.testing.contract import JOBS, ExecutorContract

from .conftest import RealClock
from .elsewhere import ElsewhereExecutor


class TestThreads(ExecutorContract):
    def make(self, plugins: Plugins, spend: Spender) -> Executor:
        return ThreadExecutor(plugins.run_job, clock=RealClock(), spend=spend)


class TestProcesses(ExecutorContract):
    can_kill = True

    def make(self, plugins: Plugins, spend: Spender) -> Executor:
        return ProcessExecutor(plugins.recipe(), clock=RealClock(), spend=spend)


class TestElsewhere(ExecutorContract):
    can_kill = True

    def make(self, plugins: Plugins, spend: Spender) -> Executor:
        return ElsewhereExecutor(JOBS, spend)
