"""A secret that a run was given is not what its log repeats."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from functools import partial
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aperture_plugin.executors.output_capture import Lines
from aperture_plugin.words.mask import MASK, Mask, masked_address
from aperture_plugin.words.secrets import looks_secret, secrets_of


@pytest.mark.parametrize(
    "name",
    [
        *(
            "DB_PASS",
            "DBPASS",
            "PGPW",
            "AWS_CREDS",
            "SMTP_PWD",
            "AUTH_JWT",
            "BEARER",
            "SENTRY_DSN",
            "apiKey",
            "accessToken",
        ),
        "TMDB_API_KEY",
        "GITHUB_TOKEN",
        "DB_PASSWORD",
        "PGPASSWORD",
        "AWS_SECRET_ACCESS_KEY",
        "APIKEY",
        "MY_PASSPHRASE",
    ],
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


@pytest.mark.parametrize(
    "write",
    [
        html.escape,
        lambda secret: html.escape(secret, quote=False),
        lambda secret: quote(secret, safe="").replace("%2F", "%2f").replace("%3C", "%3c").replace("%C3%A4", "%c3%a4"),
        lambda secret: secret.encode().hex(),
        lambda secret: secret.encode().hex().upper(),
        lambda secret: repr(json.dumps({"": secret})),
        lambda secret: json.dumps(json.dumps(secret)),
        lambda secret: json.dumps(repr(secret)),
        lambda secret: repr(repr(secret)),
        lambda secret: base64.b64encode(base64.b64encode(f"me:{secret}".encode())).decode(),
        repr,
    ],
)
def test_a_secret_is_masked_as_pages_dumps_and_nested_headers_write_it(write: Callable[[str], str]) -> None:
    secret = "pä ss/w\"ord<42&x'tail-of-it"

    written = Mask([secret])(f"{write(secret)} was refused")

    assert MASK in written
    assert len(written) <= len(" was refused") + len(MASK) + 24  # what stands around it in base64


PASSWORD = "S3cr3tPassw0rd"


@pytest.mark.parametrize(
    "address",
    [
        "postgresql+psycopg://joe:{}@127.0.0.1:5999/db",
        "postgresql+psycopg://joe@127.0.0.1:5999/db?password={}",
        "postgresql+psycopg://joe@127.0.0.1:5999/db?sslmode=require&sslpassword={}",
        "postgresql+psycopg://joe:x@{}@127.0.0.1:5999/db",
        "postgresql+psycopg:/joe:{}@127.0.0.1:5999/db",
        "postgresql+psycopg://joe:x/{}@127.0.0.1:5999/db",
        "postgresql+psycopg://joe:{}:y@127.0.0.1:5999/db",
        "postgresql+psycopg://:{}@127.0.0.1/db",
        "host=127.0.0.1 user=joe password={}",
        "host=127.0.0.1 password = '{}' user=joe",
        "Server=db;User=joe;Pwd={};",
        "amqp://guest:other@one;amqp://guest:{}@two",
        "joe:{}@smtp.example.org:25",
    ],
)
def test_no_password_of_an_address_is_left_in_whatever_form_drivers_accept_it(address: str) -> None:
    assert PASSWORD not in masked_address(address.format(PASSWORD))
    assert MASK in masked_address(address.format(PASSWORD))


def test_a_password_of_an_address_is_hidden_however_short_it_is() -> None:
    assert masked_address("postgresql+psycopg://joe:sa@db/media") == f"postgresql+psycopg://joe:{MASK}@db/media"


def test_a_password_that_an_address_encodes_is_secret_decoded_too() -> None:
    mask = Mask(secrets_of({"URL": "postgresql://joe:p%40ss%2Fword@db/media"}))

    assert mask("p@ss/word and p%40ss%2Fword") == f"{MASK} and {MASK}"


@pytest.mark.parametrize("text", ["mailto:ana@example.org", "see http://host:80/page", "a: b", "x=1 y=2", ""])
def test_what_has_no_password_stays_as_it_is(text: str) -> None:
    assert masked_address(text) == text


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


LONG = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzY2FuIn0.4f1Kp0Zb7Q2vXw9RtY6uLs3dGh8jNm5cA1eVr0oPqBs-x_zKd7WfTgHy"


@pytest.mark.parametrize("columns", [60, 64, 76])
@pytest.mark.parametrize("before", ["", "x", "joe:", "Authorization: Basic of somebody whose name is long, and then: "])
@pytest.mark.parametrize("after", ["", "\n", " and so on, for another line of it that has nothing to hide any more"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode, lambda data: data.hex().encode()])
def test_a_secret_that_programs_break_over_lines_is_masked_line_by_line(
    columns: int, before: str, after: str, encode: Callable[[bytes], bytes]
) -> None:
    whole = encode((before + LONG + after).encode()).decode()
    lines = [whole[place : place + columns] for place in range(0, len(whole), columns)]
    secret = encode(LONG.encode()).decode()

    shown = [Mask([LONG])(line) for line in lines]

    parts = {secret[place : place + 16] for place in range(4, len(secret) - 20)}
    assert MASK in "".join(shown)
    assert [line for line in shown if any(part in line for part in parts)] == []


def test_a_long_word_that_is_no_part_of_a_secret_stays() -> None:
    line = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 of https://example.com/abcdefghijkl"

    assert Mask([LONG])(line) == line
