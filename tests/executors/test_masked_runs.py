"""What a run was given as a secret is masked in all that it tells."""

from __future__ import annotations

import os

import pytest

from aperture_plugin.ports import LiveRun
from aperture_plugin.words.mask import MASK
from aperture_plugin.words.secrets import Filled

from .conftest import Bench


def test_what_a_handler_logs_or_raises_repeats_no_secret_of_the_environment(
    threads: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMDB_API_KEY", "k3y-of-the-host")

    def scan(run: LiveRun) -> None:
        run.log.info("asking with %s", os.environ["TMDB_API_KEY"])
        raise ConnectionError(f"https://api.example/?key={os.environ['TMDB_API_KEY']} did not answer")

    outcome = threads.ended(scan)

    assert threads.log == [f"asking with {MASK}"]
    assert outcome.reason == f"ConnectionError: https://api.example/?key={MASK} did not answer"
    assert "k3y" not in (outcome.error or "")


def test_what_a_handler_returns_is_masked_too(threads: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SESSION_TOKEN", "t0ken")

    outcome = threads.ended(lambda run: {"added": 3, "with": ["t0ken", {"t0ken": 1}]})

    assert outcome.result == {"added": 3, "with": [MASK, {MASK: 1}]}


def test_what_the_file_brought_in_is_masked_whatever_its_name(threads: Bench) -> None:
    def say(run: LiveRun) -> None:
        run.log.info("svc %s", run.params["svc"])

    threads.ended(say, words={"svc": "cr1tical"}, secrets=("cr1tical",))

    assert threads.log == [f"svc {MASK}"]


def test_a_parameter_named_like_a_secret_is_masked_however_deep_it_stands(threads: Bench) -> None:
    words = {"login": {"user": "ana", "password": "deeppassw0rd"}, "key": "title"}

    threads.ended(lambda run: run.log.info("%s", run.params), words=words)

    assert threads.log == ["{'login': {'user': 'ana', 'password': '•••'}, 'key': 'title'}"]


def test_a_parameter_that_cannot_be_read_does_not_show_what_a_variable_brought(threads: Bench) -> None:
    outcome = threads.ended(lambda run: None, params={"keep": 7}, words={"keep": Filled("Zx9QwErTy", "${KEEP}")})

    assert outcome.reason == 'params: keep: "${KEEP}" is not a whole number'
