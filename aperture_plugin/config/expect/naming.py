"""The jobs and queues that an expectation names, each where it stands in the sentence."""

from __future__ import annotations

from typing import Literal, assert_never

from aperture_plugin.config.walking import Said
from aperture_plugin.words.expectations import AtMost, Before, Expectation, Nothing, ReadyBy
from aperture_plugin.words.pieces import words_of

__all__ = ["named_in"]


def named_in(item: Said) -> list[tuple[Literal["job", "queue"], Said]]:
    """Return what the expectation *item* names: the words of its sentence, with their places if those can be told."""
    expectation: Expectation = item.value
    match expectation:
        case Before():
            return [("job", _word(item, 0)), ("job", _word(item, 2))]
        case ReadyBy():
            return [("job", _word(item, 0))]
        case AtMost(queue=queue):
            return [] if queue is None else [("queue", _word(item, 6))]
        case Nothing():
            return []
    assert_never(expectation)


def _word(said: Said, place: int) -> Said:
    word = words_of(said.text)[place]
    line, column, length = said.spot
    quotes = length - len(said.text)
    spot = said.spot if quotes not in (0, 2) else (line, column + quotes // 2 + word.start, len(word.text))
    return Said(word.text, spot, said.key, word.text)
