"""A secret that a run was given is not what its log repeats."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from functools import partial
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aperture_plugin.executors.output import Lines
from aperture_plugin.executors.secrets import MASK, Mask, looks_secret, secrets_of
from aperture_plugin.ports import LiveRun

from .conftest import Bench


@pytest.mark.parametrize(
    "name",
    ["TMDB_API_KEY", "GITHUB_TOKEN", "DB_PASSWORD", "PGPASSWORD", "AWS_SECRET_ACCESS_KEY", "APIKEY", "MY_PASSPHRASE"],
)
def test_names_that_hold_secrets(name: str) -> None:
    assert looks_secret(name)


@pytest.mark.parametrize("name", ["HOME", "PATH", "KEYBOARD", "MONKEY", "AUTHOR", "COMPASS", "PWD_LENGTHS", "LANG"])
def test_names_that_do_not(name: str) -> None:
    assert looks_secret(name) == (name == "PWD_LENGTHS")


@pytest.mark.parametrize(
    "name",
    ["PWD", "OLDPWD", "XDG_SESSION_CLASS", "DESKTOP_SESSION", "DBUS_SESSION_BUS_ADDRESS", "SSH_AUTH_SOCK", "GPG_KEY"],
)
def test_what_every_shell_and_desktop_sets_is_no_secret_though_it_is_called_like_one(name: str) -> None:
    assert not looks_secret(name)


def test_values_that_say_nothing_are_not_masked() -> None:
    mask = Mask(secrets_of({"USE_TOKEN": "true", "PIN": "42", "API_KEY": ""}))

    assert mask("it is true that 42 is the answer") == "it is true that 42 is the answer"


def test_the_longer_of_two_secrets_is_masked_whole() -> None:
    assert Mask(["hunter2", "hunter2-extended"])("with hunter2-extended") == f"with {MASK}"


@pytest.mark.parametrize(
    "write",
    [
        quote,
        partial(quote, safe=""),
        quote_plus,
        json.dumps,
        partial(json.dumps, ensure_ascii=False),
        lambda secret: base64.b64encode(secret.encode()).decode(),
        lambda secret: base64.b64encode(f"me:{secret}".encode()).decode(),
        lambda secret: base64.b64encode(f"user:{secret}\n".encode()).decode(),
        lambda secret: base64.urlsafe_b64encode(f"someone:{secret}".encode()).decode(),
    ],
)
def test_a_secret_is_masked_as_urls_json_and_headers_write_it(write: Callable[[str], str]) -> None:
    secret = 'pä ss/w"ord+42&x?ÿÿÿ'
    mask = Mask([secret])
    plain = write("")

    written = mask(f"{write(secret)} was refused")

    assert MASK in written
    assert len(written) <= len(f"{plain} was refused") + len(MASK) + 16  # what stands around it in base64
    assert not any(part in written for part in ("ss/w", "ord", "%2B42", secret[:6]))


def test_a_short_secret_is_not_looked_for_in_base64() -> None:
    assert Mask(["abcd"])("YWJj is a word") == "YWJj is a word"


SECRETS = st.lists(st.text("abc123", min_size=4, max_size=8), min_size=1, max_size=3)


@given(SECRETS, st.lists(st.text("xyz \n", max_size=6)), st.data())
def test_no_secret_is_left_however_the_output_is_cut_into_pieces(
    secrets: list[str], around: list[str], data: st.DataObject
) -> None:
    printed = "".join(text + data.draw(st.sampled_from(secrets)) for text in around).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(printed)), max_size=5)))
    log: list[str] = []
    lines = Lines(Mask(secrets), log.append)

    for since, until in zip([0, *cuts], [*cuts, len(printed)], strict=True):
        lines.feed(printed[since:until])
    lines.close()

    assert not any(secret in line for secret in secrets for line in log)
    assert "".join(log).replace(MASK, "") == "".join(around).replace("\n", "")


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


def test_what_a_handler_returns_is_its_own_to_choose(threads: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SESSION_TOKEN", "t0ken")

    assert threads.ended(lambda run: "t0ken").result == "t0ken"
