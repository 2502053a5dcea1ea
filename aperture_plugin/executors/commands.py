"""A `command` job: a program in a process group of its own (DESIGN.md, section 2).

Whatever the executor, a command runs beside the loop and not in it, so that a cancel, a timeout or a
crash can end it whole.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Final

from aperture_plugin.config.model import Param
from aperture_plugin.executors.live_run import WorkerRun
from aperture_plugin.executors.log_quota import storable
from aperture_plugin.executors.output_capture import Lines
from aperture_plugin.executors.pipes import Pump
from aperture_plugin.executors.process_groups import Group, signal_name, tell_left
from aperture_plugin.ports import RUN_VARIABLE, Spawned, Work
from aperture_plugin.rules.jobs import Json, Outcome, OutcomeStatus
from aperture_plugin.rules.result_json import result_json
from aperture_plugin.words.mask import mask_of_environment
from aperture_plugin.words.secrets import secrets_of_params

__all__ = ["CommandRun", "environment_of"]

STDERR: Final = "STDERR"
"""The level of the log's lines that a program wrote to its stderr."""
_LONGEST_COMPLAINT: Final = 200
_SHELL_SAYS: Final = {126: "what was called may not be executed", 127: "the shell found no such program"}


def environment_of(work: Work, host: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a command: the host's, the job's own over it, and the variables of the run.

    Args:
        host: The environment of this process.
    """
    run = work.run
    own = work.config.command.environment if work.config.command is not None else {}
    return {
        **host,
        **work.environment,
        **own,
        **{_variable_of(name): _text_of(value) for name, value in work.config.params.items()},
        "APERTURE_JOB": run.job,
        RUN_VARIABLE: run.id,
        "APERTURE_SLOT": "" if run.due is None else run.due.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "APERTURE_ATTEMPT": str(run.attempt),
        "APERTURE_TRIGGER": str(run.trigger),
    }


def _variable_of(param: str) -> str:
    return "APERTURE_PARAM_" + re.sub("[^A-Za-z0-9]", "_", param).upper()


def _text_of(param: Param) -> str:
    """Return a parameter as text for a program: text as it is, lists and mappings as JSON."""
    return param if isinstance(param, str) else json.dumps(result_json(param)[0], ensure_ascii=False)


class CommandRun:
    """One attempt of a command."""

    def __init__(self, work: Work, run: WorkerRun) -> None:
        if work.config.command is None:
            raise ValueError(f"{work.run.job} is no command")
        self._command = work.config.command
        self._directory = Path(work.directory, os.path.expanduser(self._command.directory or ""))  # noqa: PTH111 - it never raises
        self._environment = environment_of(work, os.environ)
        secrets = (*work.secrets, *secrets_of_params(work.config.params))
        self._mask = mask_of_environment(self._environment, secrets)
        self._incurable = work.config.retry.not_on_exit
        self._run = run
        self._group: Group | None = None

    def run(self) -> Outcome:
        """Run the program to its end, in this thread; its output goes into the run's log."""
        run = self._run
        lines = Lines(self._mask, lambda text: run.write("INFO", text), is_full=lambda: run.log_is_full)
        errors = Lines(self._mask, partial(run.write, STDERR), is_full=lambda: run.log_is_full, beside=lines)
        with Pump(f"aperture-{run.job}-output") as pump:
            process = self._start(pump.open(lines), pump.open(errors))
            if isinstance(process, Outcome):
                return process
            group = self._group = Group(process, run.id, attempt=run.attempt, spares=self._command.leaves_background)
            try:
                run.tell(Spawned(run.key, group.id))
                run.on_cancel(group.terminate)
                pump.start()
            except BaseException:
                group.kill()  # Without its pipes the program must not go on.
                raise
            finally:
                code = group.wait()
        tell_left(run, group, lives_on=self._command.leaves_background)
        return self._outcome(code, lines.tail, errors.last)

    def kill(self) -> bool:
        """End the program and its group by force; return whether there was one."""
        return self._group is not None and self._group.kill()

    def _start(self, output: int, errors: int) -> subprocess.Popen[bytes] | Outcome:
        words = self._command.words
        try:
            return subprocess.Popen(  # noqa: S603 - running what the file says is what a command job is
                ["/bin/sh", "-c", words] if isinstance(words, str) else list(words),
                cwd=self._directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reason = storable(self._mask(self._why_not_started(words, error)))
            return Outcome(status=OutcomeStatus.FAILED, reason=reason)

    def _why_not_started(self, words: str | Sequence[str], error: OSError | ValueError) -> str:
        program = "/bin/sh" if isinstance(words, str) else words[0]
        if not self._directory.is_dir():
            return f'the folder "{self._directory}" to run it in does not exist'
        if isinstance(error, FileNotFoundError):
            return f'the program "{program}" was not found'
        if isinstance(error, PermissionError):
            return f'the program "{program}" may not be executed'
        if isinstance(error, OSError) and error.strerror:
            return f'the program "{program}" could not be started: {error.strerror}'
        return f"{shlex.quote(program)} could not be started: {error}"

    def _outcome(self, code: int | None, tail: str, complaint: str) -> Outcome:
        result: dict[str, Json] | None
        if code is None:
            ended, result = "it ended, but something else in this process has taken its exit code", None
        elif code < 0:
            ended, result = f"killed by {signal_name(-code)}", {"signal": signal_name(-code)}
        else:
            ended, result = f"exited with code {code}", {"exit_code": code}
        asked = self._run.cancel_reason
        if asked is not None:
            reason = f"{asked} ({ended})" if asked else f"asked to stop ({ended})"
            return Outcome(status=OutcomeStatus.CANCELLED, result=result, reason=reason)
        if code == 0:
            return Outcome(result=result)
        if code in _SHELL_SAYS:
            ended += f": {_SHELL_SAYS[code]}"
        elif code is not None and code > 128 and code - 128 in {int(number) for number in signal.Signals}:
            ended += f" (what it ran was killed by {signal_name(code - 128)})"
        elif complaint:
            cut = complaint if len(complaint) <= _LONGEST_COMPLAINT else f"{complaint[: _LONGEST_COMPLAINT - 1]}…"
            ended += f": {storable(cut)}"
        permanent = code in self._incurable
        if permanent:
            ended += " (not tried again after this code)"
        error = storable(tail) or None
        return Outcome(status=OutcomeStatus.FAILED, reason=ended, error=error, result=result, permanent=permanent)
