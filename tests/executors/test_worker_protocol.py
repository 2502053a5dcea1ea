"""What worker processes and their host say to each other comes out as it went in."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from aperture_plugin.executors.worker_protocol import (
    Message,
    Messages,
    MessageWriter,
    outcome_from,
    outcome_to,
    run_from,
    run_to,
)
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus

from .conftest import a_run

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(), JSON, max_size=3), max_size=4), st.data())
def test_messages_are_heard_whole_however_they_are_cut(messages: list[Message], data: st.DataObject) -> None:
    written = b"".join(json.dumps(message).encode() + b"\n" for message in messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(written)), max_size=6)))
    heard: list[Message] = []
    listening = Messages(heard.append)

    for since, until in zip([0, *cuts], [*cuts, len(written)], strict=True):
        listening.feed(written[since:until])
    listening.close()

    assert heard == messages


@given(
    st.builds(
        Outcome,
        status=st.sampled_from(OutcomeStatus),
        result=JSON,
        reason=st.none() | st.text(),
        error=st.none() | st.text(),
        permanent=st.booleans(),
        until=st.none() | st.datetimes(timezones=st.just(UTC)),
    )
)
def test_an_outcome_said_and_heard_is_the_same(outcome: Outcome) -> None:
    assert outcome_from(json.loads(json.dumps(outcome_to(outcome)))) == outcome


def test_a_run_said_and_heard_shows_a_handler_the_same() -> None:
    due = datetime(2026, 3, 29, 1, tzinfo=UTC)
    run = a_run("scan", attempt=3, due=due, nominal=due.replace(tzinfo=None))

    heard = run_from(json.loads(json.dumps(run_to(run))))

    assert run_to(heard) == run_to(run)
    assert (heard.key, heard.due, heard.nominal) == (run.key, run.due, run.nominal)


def test_what_is_no_message_is_nothing_to_us() -> None:
    heard: list[Message] = []

    Messages(heard.append).feed(b'oops\n[1]\n{"progress": [1, 2]}\n{"half"')

    assert heard == [{"progress": [1, 2]}]


def test_who_speaks_to_nobody_learns_that_and_is_not_held_up() -> None:
    listening, mouth = os.pipe()
    speaker = MessageWriter(mouth)
    speaker.hurry()

    said = [speaker.say(text="x" * 4000) for _ in range(100)]
    os.close(listening)

    assert (said[0], said[-1]) == (True, False)
    assert not speaker.say(text="gone")
    speaker.close()
    assert not speaker.say(text="closed")
