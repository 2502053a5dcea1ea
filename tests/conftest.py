"""What holds for every test: with $APERTURE_TEST_REQUIRE set, nothing may be missing."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

MUST_RUN = bool(os.environ.get("APERTURE_TEST_REQUIRE"))

# Both go by the clock on the wall: on a machine that is busy elsewhere they fail tests at which nothing is wrong.
settings.register_profile("aperture", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("aperture")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that starts the suite in the background has it ignored, and so would every program that a test starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)

UNDER_NOHUP = "APERTURE_TEST_UNDER_NOHUP"
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN or os.environ.get(UNDER_NOHUP):
    # The suite still outlives its terminal, and so do its workers. But a program that a test starts does not inherit a
    # handler, as it would inherit that the signal is ignored, so it meets SIGHUP as it would in a shell.
    os.environ[UNDER_NOHUP] = "1"
    signal.signal(signal.SIGHUP, lambda _number, _frame: None)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say how much the simulation lives through."""
    group = parser.getgroup("aperture", "the simulation in tests/loop/test_simulation.py")
    group.addoption("--seed", type=int, help="live through the history of this number, and no other")
    group.addoption("--histories", type=int, default=2000, help="so many histories (%(default)s)")
    each = "each test of the loop with or without the speed-ups for bursts, or with both (%(default)s)"
    group.addoption("--bursts", choices=["one", "both"], default="one", help=each)


def refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure that says the same: where everything has to be there, nothing is passed over."""
    if MUST_RUN and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.longrepr = f"{why} (and APERTURE_TEST_REQUIRE is set)"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Look at what became of a test."""
    report = yield
    refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Look at what became of a module: it may skip itself as a whole."""
    report = yield
    refuse_skip(report)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write a line for each reason for which tests were left out, with their number."""
    reports = terminalreporter.stats.get("skipped", [])
    reasons = [report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr) for report in reports]
    for reason, count in Counter(reasons).items():
        tests = "1 test" if count == 1 else f"{count} tests"
        terminalreporter.write_line(f"left out: {tests}: {reason.removeprefix('Skipped: ')}")
