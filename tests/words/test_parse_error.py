"""Bad news about a text: where it stands, what it quotes, what it offers instead."""

from __future__ import annotations

import pytest

from aperture_plugin.words.digits import require_ascii_digits
from aperture_plugin.words.parse_error import Unreadable, offers_what_reads, quoted, read_part, worth_guessing
from aperture_plugin.words.times import read_time
from aperture_plugin.words.tokens import items_of, join_with_and, lowered, words_of


def test_bad_news_about_a_part_points_into_the_whole() -> None:
    text = "from   2  to 3 AM"

    with pytest.raises(Unreadable) as caught:
        read_part(text, 4, 10, read_time)

    problem = caught.value
    assert text[problem.start : problem.start + problem.length] == "2"
    assert str(problem) == problem.message == '"2" could be morning or evening'


def test_what_to_write_instead_is_the_whole_text_with_the_part_put_right() -> None:
    with pytest.raises(Unreadable) as caught:
        read_part("until noon today", 6, 10, read_time)

    assert caught.value.instead == "until 12:00 PM today"


@offers_what_reads
def only_yes(text: str) -> str:
    """Read `yes`, mending one wrong letter at a time."""
    for place, letter in enumerate("yes"):
        if text[place : place + 1] != letter:
            raise Unreadable("x", "x", "x", instead=text[:place] + letter + text[place + 1 :])
    return text


def test_an_offer_mends_every_fault_of_the_text_and_not_only_the_first() -> None:
    with pytest.raises(Unreadable) as caught:
        only_yes("nop")

    assert caught.value.instead == "yes"


@offers_what_reads
def never_pleased(text: str) -> str:
    """Refuse everything, and offer more of the same."""
    raise Unreadable("x", "x", "x", instead=text + "!")


def test_an_offer_that_would_not_read_either_is_withdrawn() -> None:
    with pytest.raises(Unreadable) as caught:
        never_pleased("please")

    assert caught.value.instead is None


def test_a_quote_is_one_line_of_what_was_written_and_not_too_long() -> None:
    assert quoted("saterday") == '"saterday"'
    assert quoted("a\tb\n\0") == r'"a\tb\n\x00"'
    assert quoted("x" * 1000) == '"' + "x" * 59 + '…"'


def test_a_place_has_a_length_even_where_nothing_stands() -> None:
    assert Unreadable("x", "x", "x", start=3, length=0).length == 1


def test_only_short_texts_are_worth_guessing_at() -> None:
    assert worth_guessing("x" * 200)
    assert not worth_guessing("x" * 201)


def test_words_are_parted_by_spaces_of_any_kind_and_commas_stand_alone() -> None:
    words = words_of(" 2\u202fAM,\t4\xa0PM")

    assert [(word.text, word.start, word.end) for word in words] == [
        ("2", 1, 2),
        ("AM", 3, 5),
        (",", 5, 6),
        ("4", 7, 8),
        ("PM", 9, 11),
    ]


def test_items_keep_the_spaces_within_them_and_lose_those_around() -> None:
    items = items_of(" 2  AM ,and  4 PM", what="time", example="2 AM, 4 PM")

    assert [(item.text, item.start) for item in items] == [("2  AM", 1), ("4 PM", 13)]


def test_a_list_is_written_as_a_sentence_says_it() -> None:
    assert [join_with_and(items) for items in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
    assert join_with_and(["a", "b"], "or") == "a or b"


def test_letters_of_other_alphabets_are_not_lowered_into_english_ones() -> None:
    assert lowered("WEEK") == "week"
    assert lowered("WEE\N{KELVIN SIGN}") == "WEE\N{KELVIN SIGN}"


def test_digits_of_english_keyboards_are_the_only_ones() -> None:
    require_ascii_digits("0123456789 größe ½")

    with pytest.raises(Unreadable) as caught:
        require_ascii_digits("at ２３:5")

    assert (caught.value.start, caught.value.length, caught.value.instead) == (3, 2, "at 23:5")
