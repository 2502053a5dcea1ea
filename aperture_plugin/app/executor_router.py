"""Routes runs to executors, and notifies plugins of what becomes of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final

from aperture_plugin.app.alert_delivery import AlertDelivery
from aperture_plugin.app.log_filter import SecretsInForce
from aperture_plugin.app.present_secrets import with_present_secrets
from aperture_plugin.app.run_handle import Waiters
from aperture_plugin.config.model import Config
from aperture_plugin.config.problems import Problem
from aperture_plugin.plugins.plugin_loader import Plugins
from aperture_plugin.plugins.registry import RAISED
from aperture_plugin.ports import (
    Ended,
    Event,
    Executor,
    ExpectsBursts,
    Logged,
    Report,
    StoreRefused,
    StoreUnavailable,
    Work,
    hands_on,
)
from aperture_plugin.rules.jobs import Job, Outcome, OutcomeStatus
from aperture_plugin.rules.runs import ENDED, WAITING, AttemptKey, Run, Status
from aperture_plugin.words.duration_display import short_duration
from aperture_plugin.words.mask import Mask, mask_of_environment
from aperture_plugin.words.secrets import SecretOf

__all__ = ["Executors", "Messenger"]

_log = logging.getLogger("aperture")

_MOST_LOGGED: Final = 50
"""Problems of a file that are logged: one slip may spoil a thousand jobs, and a log is read from its end."""

_OURS: Final = "aperture_plugin."
_BESIDE: Final = ("", None, None)
"""Key of the executor of commands: a name that no file can have."""


class Executors:
    """The executors of one loop as one: new work goes to the one that the file in force names.

    A command runs beside the loop whatever that is, and so no executor of a plugin has to know what one is.

    Args:
        provide: Returns the executor that a file names; raises `PluginError` where nobody has it.
        chosen: Returns the file in force, which names both.
        secret_of: Reads the files that secrets lie in, as each run begins.
        beside: Returns the executor of commands; None leaves them to the one that is chosen.
    """

    name = "executors"

    def __init__(
        self,
        provide: Callable[[Config], Executor],
        chosen: Callable[[], Config],
        secret_of: SecretOf,
        beside: Callable[[], Executor] | None = None,
    ) -> None:
        self._provide = provide
        self._secret_of = secret_of
        self._chosen = chosen
        self._beside = beside
        self._made: dict[tuple[str, str | None, str | None], Executor] = {}

    def named_by(self, config: Config) -> Executor:
        """Return the executor that *config* names, made when it is first asked for.

        Raises:
            PluginError: No plugin provides it, or the one that does raised.
        """
        named = config.executor, config.broker, config.celery_app
        if named not in self._made:
            self._made[named] = self._provide(config)
        return self._made[named]

    @property
    def hands_on(self) -> bool:
        """True if the chosen executor lets its workers begin runs."""
        return bool(_asked(lambda: hands_on(self.named_by(self._chosen()))))

    def start(self, work: Work, report: Report) -> None:
        """Begin an attempt."""
        config = self._chosen()
        secrets = config.secrets
        if secrets:  # Only then something was brought in that may lie in a file.
            try:
                job, brought = with_present_secrets(work.config, work.environment, self._secret_of)
            except LookupError as error:
                reason = f"a secret cannot be read: {error.args[0]}"
                report(Ended(work.run.key, Outcome(status=OutcomeStatus.FAILED, reason=reason)))
                return
            work = replace(work, config=job, secrets=(*secrets, *brought))
        if self._beside is not None and (work.config.command is not None or work.job is None):
            executor = self._made.get(_BESIDE) or self._made.setdefault(_BESIDE, self._beside())
        else:
            executor = self.named_by(config)
        if not type(executor).__module__.startswith(_OURS):  # Ours mask by themselves, at the source.
            report = partial(_report_masked, mask_of_environment(work.environment, work.secrets), report)
        executor.start(work, report)

    def expect(self, count: int) -> None:
        """Notify the chosen executor of the number of attempts that are about to begin, if it prepares for bursts."""
        executor = self.named_by(self._chosen())
        if isinstance(executor, ExpectsBursts):
            _asked(partial(executor.expect, count))

    def cancel(self, key: AttemptKey, reason: str) -> None:
        """Ask an attempt to stop, wherever it runs: the file may have named another executor when it began."""
        for executor in self._all():
            _asked(partial(executor.cancel, key, reason))

    def kill(self, key: AttemptKey) -> bool:
        """End an attempt by force, where that can be done."""
        killed = [_asked(partial(executor.kill, key)) for executor in self._all()]
        return any(killed)

    def stop(self, timeout: timedelta) -> None:
        """Free every worker."""
        for executor in self._all():
            _asked(partial(executor.stop, timeout))

    def _all(self) -> Iterable[Executor]:
        # One may be made for several brokers; and one that is a dataclass has no hash.
        return {id(executor): executor for executor in list(self._made.values())}.values()


def _report_masked(mask: Mask, report: Report, event: Event) -> None:
    """Report what a plugin's executor tells, without the secrets that its work was given."""
    match event:
        case Ended(outcome=Outcome() as outcome):
            reason, error = (mask(text) if isinstance(text, str) else text for text in (outcome.reason, outcome.error))
            outcome = replace(outcome, reason=reason, error=error, result=mask.deep(outcome.result))
            report(replace(event, outcome=outcome))
        case Logged(line=line):
            report(Logged(replace(line, text=mask(line.text))))
        case _:
            report(event)


def _asked(call: Callable[[], object]) -> object:
    """Return what an executor answers; None where it raises, for it may be a plugin's, and the loop goes on."""
    try:
        return call()
    except RAISED:
        _log.exception("an executor raised, and is passed over")
        return None


class Messenger:
    """Hands what the loop tells to the plugins, and to those who wait for a run's end.

    Args:
        look_up: Returns a run's latest attempt from the store; None if it has none.
        secrets: Hidden in the reasons that plugins give.
        alert_delivery: Sends pings, and the messages that wait in the store.
    """

    def __init__(
        self,
        plugins: Plugins,
        waiters: Waiters,
        look_up: Callable[[str], Run | None],
        secrets: SecretsInForce,
        alert_delivery: AlertDelivery,
    ) -> None:
        self._plugins = plugins
        self._alert_delivery = alert_delivery
        self._secrets = secrets
        self._waiters = waiters
        self._look_up = look_up

    def read_anew(self, in_hand: set[str]) -> None:
        """Notify callers that wait for a run which another process has ended."""
        for run_id in self._waiters.missing(in_hand):
            try:
                run = self._look_up(run_id)
            except (StoreUnavailable, StoreRefused) as away:
                # The loop meets the same trouble at its next tick, and reads anew when it is over.
                _log.warning("cannot find out just now if run %s has ended: %s", run_id, away)
                return
            if run is not None and run.status in ENDED:
                self._waiters.heard(run)

    def run_ended(self, run: Run) -> None:
        """A run ended and no attempt follows; called in the loop's thread, at once."""
        self._waiters.heard(run)
        self._alert_delivery.pings.run_ended(run)

    def notices_wait(self) -> None:
        """Messages to people were written."""
        self._alert_delivery.notifier.ring()

    def run_started(self, run: Run) -> None:
        """An attempt begins; called in the loop's thread, at once."""
        self._alert_delivery.pings.run_started(run)

    @property
    def hears_runs(self) -> bool:
        """True if the log, or any plugin, takes every change of a run; failed ones are logged in any case."""
        return self._plugins.hear_runs or _log.isEnabledFor(logging.INFO)

    def run_changed(self, run: Run) -> None:
        """Write the change to the log, and notify the plugins."""
        _log_change(run)
        self._plugins.run_changed(run)

    def config_loaded(self, config: Config, previous: Config | None) -> None:
        """Notify the plugins."""
        self._plugins.config_loaded(config, previous)

    def config_rejected(self, problems: Sequence[Problem]) -> None:
        """Write to the log, the errors of a long list before its warnings, and the plugins."""
        first = sorted(range(len(problems)), key=lambda place: not problems[place].is_error)[:_MOST_LOGGED]
        for problem in (problems[place] for place in sorted(first)):
            level = logging.ERROR if problem.is_error else logging.WARNING
            place = f"{problem.file}:{problem.place.line}:{problem.place.column}"
            whose = f"{problem.job}: " if problem.job else ""
            _log.log(level, "%s: %s: %s%s [%s]", place, problem.severity, whose, problem.message, problem.code)
            for number, line in enumerate(problem.hint.splitlines()):
                _log.log(level, "   %s%s", "      " if number else "hint: ", line)
        if len(problems) > len(first):
            _log.error("and %d more; aperture check tells them all", len(problems) - len(first))
        _log.error("%s is refused; the last good one goes on", problems[0].file if problems else "the file")
        self._plugins.config_rejected(problems)

    def ready(self, job: Job) -> list[str]:
        """Ask the plugins."""
        return [self._secrets.mask(reason) for reason in self._plugins.ready(job)]


def _log_change(run: Run) -> None:
    """Write a change of *run* to the log, with its fields in `extra`; a failure is an error, with its traceback."""
    level, value = logging.INFO, str(run.status)
    if run.status is Status.RUNNING:
        value = "started"
    elif run.status in WAITING:
        level = logging.DEBUG
    elif run.status is Status.FAILED:
        level = logging.ERROR
    elif run.status is Status.INTERRUPTED:
        level = logging.WARNING
    if not _log.isEnabledFor(level):
        return
    took = "" if run.duration is None else f" after {short_duration(run.duration)}"
    attempt = f", attempt {run.attempt}" if run.attempt > 1 else ""
    reason = f": {run.reason}" if run.reason else ""
    trace = f"\n{run.error}" if run.error else ""
    fields = {"job": run.job, "run": run.id, "attempt": run.attempt, "status": str(run.status)}
    _log.log(level, "%s %s%s (run %s%s)%s%s", run.job, value, took, run.id, attempt, reason, trace, extra=fields)
