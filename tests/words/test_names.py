"""Names of jobs, alone and in lists."""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aperture_plugin.testing.word_strategies import job_names
from aperture_plugin.words.names import JOB_NAME, LONGEST_NAME, read_job_name, read_job_names

Refusal = Callable[[Callable[[str], object], str], str]

REFUSED = {
    "": """
        no name is written [nothing-written]

        ^
        hint: a name has letters, digits, dots, dashes and underscores, begins with a letter or digit, and
              is at most 64 characters long
    """,
    "library scan": """
        "library scan" is not a job's name: it has " " [bad-job-name]
        library scan
               ^
        hint: a name has letters, digits, dots, dashes and underscores, begins with a letter or digit, and
              is at most 64 characters long; write library-scan
        write: library-scan
    """,
    "library/scan": """
        "library/scan" is not a job's name: it has "/" [bad-job-name]
        library/scan
               ^
        hint: a name has letters, digits, dots, dashes and underscores, begins with a letter or digit, and
              is at most 64 characters long; write library-scan
        write: library-scan
    """,
    "-scan": """
        "-scan" is not a job's name: it begins with "-" [bad-job-name]
        -scan
        ^
        hint: a name has letters, digits, dots, dashes and underscores, begins with a letter or digit, and
              is at most 64 characters long; write scan
        write: scan
    """,
    ".scan": """
        ".scan" is not a job's name: it begins with "." [bad-job-name]
        .scan
        ^
        hint: a name has letters, digits, dots, dashes and underscores, begins with a letter or digit, and
              is at most 64 characters long; write scan
        write: scan
    """,
    ":scan.": """
        ":scan." is not a job's name: it has ":" [bad-job-name]
        :scan.
        ^
        hint: a name has letters, digits, dots, dashes and underscores, begins with a letter or digit, and
              is at most 64 characters long; write scan
        write: scan
    """,
    "größe": """
        "größe" is not a job's name: it has "ö" [bad-job-name]
        größe
          ^
        hint: a name has letters, digits, dots, dashes and underscores, begins with a letter or digit, and
              is at most 64 characters long; write grosse
        write: grosse
    """,
}

REFUSED_LISTS = {
    "": """
        no job is named [nothing-written]

        ^
        hint: expected the name of a job, or several such as library-scan, database-backup
    """,
    ",": """
        a job is missing before "," [missing-item]
        ,
        ^
        hint: join several with a comma or "and", as in library-scan, database-backup
    """,
    ", scan": """
        a job is missing before "," [missing-item]
        , scan
        ^
        hint: join several with a comma or "and", as in library-scan, database-backup
    """,
    "scan,": """
        a job is missing after "," [missing-item]
        scan,
            ^
        hint: join several with a comma or "and", as in library-scan, database-backup
    """,
    "scan,, backup": """
        a job is missing before "," [missing-item]
        scan,, backup
             ^
        hint: join several with a comma or "and", as in library-scan, database-backup
    """,
    "scan and": """
        a job is missing after "and" [missing-item]
        scan and
             ^^^
        hint: join several with a comma or "and", as in library-scan, database-backup
    """,
    "and scan": """
        a job is missing before "and" [missing-item]
        and scan
        ^^^
        hint: join several with a comma or "and", as in library-scan, database-backup
    """,
    "scan backup": """
        nothing joins "scan" and "backup" [unjoined-items]
        scan backup
             ^^^^^^
        hint: join several with a comma or "and", as in library-scan, database-backup
        write: scan, backup
    """,
    "scan, li/brary": """
        "li/brary" is not a job's name: it has "/" [bad-job-name]
        scan, li/brary
                ^
        hint: a name has letters, digits, dots, dashes and underscores, begins with a letter or digit, and
              is at most 64 characters long; write li-brary
        write: scan, li-brary
    """,
}


@given(job_names())
def test_a_name_that_follows_the_rule_is_kept_as_it_is(name: str) -> None:
    assert JOB_NAME.fullmatch(name)
    assert read_job_name(name) == name


@given(st.lists(job_names(), min_size=1, max_size=5, unique=True))
def test_names_joined_by_commas_are_read_back_even_where_one_is_called_and(names: list[str]) -> None:
    assert read_job_names(", ".join(names)) == tuple(names)


@pytest.mark.parametrize("text", ["a, b and c", "a and b and c", "a,b,c", "a , b, and c", "a, b AND c, a"])
def test_names_may_be_joined_in_every_usual_way_and_each_is_kept_once(text: str) -> None:
    assert read_job_names(text) == ("a", "b", "c")


def test_a_name_may_be_64_characters_long_and_no_longer(refusal: Refusal) -> None:
    assert read_job_name("x" * LONGEST_NAME) == "x" * LONGEST_NAME

    told = refusal(read_job_name, "x" * (LONGEST_NAME + 2))

    assert told.splitlines()[0] == f'"{"x" * 59}…" is 66 characters long [bad-job-name]'
    assert told.splitlines()[2] == " " * LONGEST_NAME + "^^"


@pytest.mark.parametrize("text", REFUSED)
def test_a_word_that_is_no_name_says_why_and_where(text: str, refusal: Refusal) -> None:
    assert refusal(read_job_name, text) == cleandoc(REFUSED[text])


@pytest.mark.parametrize("text", REFUSED_LISTS)
def test_a_list_of_names_that_cannot_be_read_says_why_and_where(text: str, refusal: Refusal) -> None:
    assert refusal(read_job_names, text) == cleandoc(REFUSED_LISTS[text])
