"""Schedules as tired people type them: each is offered the line that means the same, or no line and what comes nearest.

The right answers are written by hand, in the words of the contract, and compared as values: how a line is worded does
not matter, what it means does.
"""

from __future__ import annotations

from typing import Final

import pytest

from aperture_plugin.config.schema.value_parsers import read_checked_phrase
from aperture_plugin.words.durations import read_duration
from aperture_plugin.words.parse_error import Unreadable
from aperture_plugin.words.phrases import read_phrase
from aperture_plugin.words.schedules import Schedule

SAME: Final = {
    # times of day
    "9am": "daily at 9:00 AM",
    "at 2am daily": "daily at 2:00 AM",
    "02:00": "daily at 2:00 AM",
    "14:30 daily": "daily at 2:30 PM",
    "noon": "daily at 12:00 PM",
    "noon every day": "daily at 12:00 PM",
    "at midnight": "daily at 12:00 AM",
    "12 midnight": "daily at 12:00 AM",
    "every day at noon": "daily at 12:00 PM",
    "every day at 12 noon": "daily at 12:00 PM",
    "every monday through friday at 19:20": "weekly on weekdays at 7:20 PM",
    "every day except sunday at 5 pm": "weekly on mon, tue, wed, thu, fri, sat at 5:00 PM",
    "every weekday morning at 7": "weekly on weekdays at 7:00 AM",
    "every day 3 AM": "daily at 3:00 AM",
    "each day at 3 AM": "daily at 3:00 AM",
    "everyday at 7 AM": "daily at 7:00 AM",
    "every-day at 7 AM": "daily at 7:00 AM",
    "every single day at 7 AM": None,
    "daily 2am": "daily at 2:00 AM",
    "daily @ 2am": "daily at 2:00 AM",
    "daily at 2 a.m.": "daily at 2:00 AM",
    "daily at 2 am & 2 pm": "daily at 2:00 AM, 2:00 PM",
    "daily at 2am + 2pm": "daily at 2:00 AM, 2:00 PM",
    "daily at 2.30am": "daily at 2:30 AM",
    "daily at 0230": "daily at 2:30 AM",
    "daily at 14h30": "daily at 2:30 PM",
    "daily at 2 in the morning": "daily at 2:00 AM",
    "daily at 9 in the evening": "daily at 9:00 PM",
    "daily at 11 at night": "daily at 11:00 PM",
    "every night at 2": "daily at 2:00 AM",
    "every night at 11": "daily at 11:00 PM",
    "every night at 12": "daily at 12:00 AM",
    "every morning at 7": "daily at 7:00 AM",
    "every evening at 8 PM": "daily at 8:00 PM",
    "nightly at 2 AM": "daily at 2:00 AM",
    "once a day at 3 AM": "daily at 3:00 AM",
    "run every day at 3am please": "daily at 3:00 AM",
    "twice a day at 9 AM and 5 PM": "daily at 9:00 AM, 5:00 PM",
    "every 24 hours at 3 AM": "daily at 3:00 AM",
    "every 1 day at 3 AM": "daily at 3:00 AM",
    # days of the week
    "mondays at 9 AM": "weekly on monday at 9:00 AM",
    "mondays 09:00": "weekly on monday at 9:00 AM",
    "fri at 17": "weekly on friday at 5:00 PM",
    "3am sunday": "weekly on sunday at 3:00 AM",
    "3 AM on sundays": "weekly on sunday at 3:00 AM",
    "noon on mondays": "weekly on monday at 12:00 PM",
    "weekly at 2 AM on sunday": "weekly on sunday at 2:00 AM",
    "weekly sun 3am": "weekly on sunday at 3:00 AM",
    "weekly mon at 9 AM": "weekly on monday at 9:00 AM",
    "weekly on sunday sat 3 AM": "weekly on weekends at 3:00 AM",
    "sunday weekly at 3 AM": "weekly on sunday at 3:00 AM",
    "every week on monday at 9 AM": "weekly on monday at 9:00 AM",
    "every monday at 9 AM": "weekly on monday at 9:00 AM",
    "each monday at 9 AM": "weekly on monday at 9:00 AM",
    "once a week on friday at 9 AM": "weekly on friday at 9:00 AM",
    "mon wed fri 9 AM": "weekly on monday, wednesday, friday at 9:00 AM",
    "mon/wed/fri at 9 AM": "weekly on monday, wednesday, friday at 9:00 AM",
    "sat & sun at 10 AM": "weekly on weekends at 10:00 AM",
    "mon-fri at 9 AM": "weekly on weekdays at 9:00 AM",
    "Mon to Fri 9:00": "weekly on weekdays at 9:00 AM",
    "9 AM mon-fri": "weekly on weekdays at 9:00 AM",
    "tuesday through thursday at 8 AM": "weekly on tuesday, wednesday, thursday at 8:00 AM",
    "fri-mon at 8 AM": "weekly on friday, saturday, sunday, monday at 8:00 AM",
    "business days at 9 AM": "weekly on weekdays at 9:00 AM",
    "every work day at 8 AM": "weekly on weekdays at 8:00 AM",
    "daily except weekends at 3 AM": "weekly on weekdays at 3:00 AM",
    "every day but sunday at 3 AM": "weekly on mon, tue, wed, thu, fri, sat at 3:00 AM",
    "daily 2 AM except sunday": "weekly on mon, tue, wed, thu, fri, sat at 2:00 AM",
    "at 9 AM on weekdays and 10 AM on weekends": "weekly on weekdays at 9:00 AM; weekly on weekends at 10:00 AM",
    "monday at 9 AM and friday at 10 AM": "weekly on monday at 9:00 AM; weekly on friday at 10:00 AM",
    "weekdays 8:30 AM; weekends 10 AM": "weekly on weekdays at 8:30 AM; weekly on weekends at 10:00 AM",
    "daily at 3 AM, weekly on sunday at 4 AM": "daily at 3:00 AM; weekly on sunday at 4:00 AM",
    # other languages
    "lundi à 9h": "weekly on monday at 9:00 AM",
    "montag um 9 Uhr": "weekly on monday at 9:00 AM",
    "dienstags um 8 Uhr": "weekly on tuesday at 8:00 AM",
    "täglich um 3 Uhr": "daily at 3:00 AM",
    "jeden Tag um 15 Uhr": "daily at 3:00 PM",
    "chaque jour à 3h": "daily at 3:00 AM",
    "miércoles a las 14:00": "weekly on wednesday at 2:00 PM",
    "domingo 03:00": "weekly on sunday at 3:00 AM",
    "maandag om 9 uur": "weekly on monday at 9:00 AM",
    "pirmdien plkst. 09:30": "weekly on monday at 9:30 AM",
    "понедельник в 09:00": "weekly on monday at 9:00 AM",
    "каждый день в 3:00": "daily at 3:00 AM",
    "cada 5 minutos": "every 5 minutes",
    "toutes les 15 minutes": "every 15 minutes",
    "alle 15 Minuten": "every 15 minutes",
    # days of a month, and dates
    "last day of the month at 11 PM": "monthly on the last day at 11:00 PM",
    "1st of the month at 3 AM": "monthly on day 1 at 3:00 AM",
    "first day of every month at 3 AM": "monthly on day 1 at 3:00 AM",
    "on the 15th of every month at 9 AM": "monthly on day 15 at 9:00 AM",
    "monthly on the 15 at 9 AM": "monthly on day 15 at 9:00 AM",
    "1st and 15th at 3 AM": "monthly on day 1 at 3:00 AM; monthly on day 15 at 3:00 AM",
    "first monday of the month at 9 AM": "cron 0 9 * * MON#1",
    "second tuesday of every month at 9 AM": "cron 0 9 * * TUE#2",
    "last friday of the month at 5 PM": "cron 0 17 * * 5L",
    "last sunday of the month at 3 AM": "cron 0 3 * * 0L",
    "last workday of the month at 5 PM": "cron 0 17 LW * *",
    "yearly on january 1st at 3 AM": "cron 0 3 1 1 *",
    "every december 24 at 6 PM": "cron 0 18 24 12 *",
    "once on 2026-12-24 at 18:00": "once at 2026-12-24 18:00",
    "2026-12-24 6 PM": "once at 2026-12-24 18:00",
    "at 18:00 on 2026-12-24": "once at 2026-12-24 18:00",
    # intervals
    "each 15 min": "every 15 minutes",
    "15m": "every 15 minutes",
    "2h": "every 2 hours",
    "each hour": "every hour",
    "once per hour": "every hour",
    "once every 2 hours": "every 2 hours",
    "hourly at :15": "every hour at :15",
    "hourly at 15": "every hour at :15",
    "every hour on the half hour": "every hour at :30",
    "every hour on the hour": "every hour",
    "every 2 hours on the half hour": "every 2 hours at :30",
    "every hour at quarter past": "every hour at :15",
    "every hour at minute 20": "every hour at :20",
    "20 past every hour": "every hour at :20",
    ":20": "every hour at :20",
    "every half hour": "every 30 minutes",
    "every quarter hour": "every 15 minutes",
    "every hour and a half": "every 90 minutes",
    "every 1.5 hours": "every 90 minutes",
    "every two hours": "every 2 hours",
    "every other hour": "every 2 hours",
    "every other day": "every 2 days",
    "every 2nd day": "every 2 days",
    "every other week": "every 2 weeks",
    "fortnightly": "every 2 weeks",
    "every 2 wk": "every 2 weeks",
    "every 5 min.": "every 5 minutes",
    "every 1,000 seconds": "every 1000 seconds",
    "every 1:30:00": "every 90 minutes",
    "an hour and a half": "every 90 minutes",
    "every hour at :15 and :45": "every hour at :15; every hour at :45",
    "at :00 and :30": "every hour; every hour at :30",
    "every 9 AM": "daily at 9:00 AM",
    "every second": "every 1 second",
    "twice a day": "every 12 hours",
    "3x a day": "every 8 hours",
    "four times per day": "every 6 hours",
    "5 times a day": "every 288 minutes",
    "twice an hour": "every 30 minutes",
    "every 4 hours starting at 2 AM": "every 4 hours at 2:00",
    "every 4 hours starting at 6 AM": "every 4 hours at 2:00",
    "every 6 hours from midnight": "every 6 hours",
    "every 15 minutes on weekdays": "cron */15 * * * MON-FRI",
    "every hour on mondays": "cron 0 * * * MON",
    # what other schedulers read
    "@every 5m": "every 5 minutes",
    "@every 1h30m": "every 90 minutes",
    "PT1H30M": "every 90 minutes",
    "R/PT1H": "every hour",
    "P1D": "every day",
    "rate(5 minutes)": "every 5 minutes",
    "0 */5 * * * *": "cron */5 * * * *",
    "0 0 3 * * *": "cron 0 3 * * *",
    "cron 0 0 3 * * *": "cron 0 3 * * *",
    "*/10 * * * * *": "every 10 seconds",
    "0 0 3 ? * MON-FRI": "cron 0 3 * * MON-FRI",
    "0 0 3 ? * 2-6": "cron 0 3 * * MON-FRI",  # Quartz counts from Sunday as 1
    "0 0 3 ? * 6L": "cron 0 3 * * 5L",
    "0 0 3 ? * 6#3": "cron 0 3 * * FRI#3",
    "0 0 3 * * ? *": "cron 0 3 * * *",
    "cron(0 3 * * ? *)": "cron 0 3 * * *",
    "cron(0 3 ? * 2-6 *)": "cron 0 3 * * MON-FRI",
    "0 3 * * 1-5": "cron 0 3 * * 1-5",
    "Mon..Fri 09:00": "weekly on weekdays at 9:00 AM",
    "*-*-* 03:00:00": "daily at 3:00 AM",
    "*-*-01 03:00": "monthly on day 1 at 3:00 AM",
    "OnCalendar=weekly": "weekly on monday at 12:00 AM",
    "@weekly": "weekly on sunday at 12:00 AM",
    "@daily": "daily at 12:00 AM",
    # without slots
    "on demand": "manual only",
    "by hand": "manual only",
    "at boot": "at start",
    "on startup": "at start",
    "@startup": "at start",
    "5 minutes after start": "at start after 5 minutes",
    "when library-scan finishes": "after library-scan",
    "after library-scan completes": "after library-scan",
    "after scan and sync are done": "after scan, sync",
}
"""What is typed, and a phrase that means the same. None is a text that is not understood, and so has no line."""

NO_LINE: Final = {
    "mondays at 9": "weekly on monday at 9:00 AM,  or  weekly on monday at 9:00 PM",
    "every monday at 9": "9 could be morning or evening",
    "fri at 9": "9 could be morning or evening",
    "weekends at 10": "weekly on weekends at 10:00 PM",
    "lunes a las 9": "weekly on monday at 9:00 AM",
    "daily at 2 o'clock": "daily at 2:00 PM",
    "lundi": "weekly on monday",
    "monday": "no time of day",
    "every sunday": "no time of day",
    "nightly": "no time of day",
    "every morning": "no time of day",
    "first monday of month": "cron 0 9 * * MON#1",
    "last day of the month": "monthly on the last day at",
    "once a week": "no day of the week",
    "every 7 days at 3 AM": "no day of the week",
    "monthly": "write it in full",
    "every month": "no day of the month",
    "quarterly": "no day of the month",
    "every 3 months": "cron 0 4 1 */3 *",
    "yearly": "no date",
    "biweekly": "twice a week or every other week",
    "bi-weekly on monday": "hours: 336",
    "every other monday": "hours: 336",
    "every 3rd monday": "MON#3",
    "every 2 days at 3 AM": "every 2 days at 3:00",
    "every 3 days at noon": "cron 0 12 */3 * *",
    "every 2 hours at 10": "every 2 hours at :10",
    "7 times a day": "do not divide",
    "first weekday of the month at 9 AM": "cron 0 9 LW * *",
    "every 5 to 10 minutes": "one length",
    "every 15 minutes from 9 AM to 5 PM": "window: 9 AM to 5 PM",
    "hourly from 8 to 18": "window:",
    "every hour between 9:00 and 17:00": "window: 9:00 to 17:00",
    "daily at 2AM UTC": "timezone: Etc/UTC",
    "daily at 3 AM Europe/Riga": "timezone: Europe/Riga",
    "every day at 5 pm in Asia/Tokyo": "timezone: Asia/Tokyo",
    "1:30:00": "could be a time of day or a length",
    "every 9:30": "expected numbers with their units",
    "daily at 9 except holidays": "calendar",
    "tomorrow at 9": "its date",
    "2026-12-24T18:00:00Z": "without an offset",
    "300": "write its unit",
    "every 5": "expected a unit",
    "after library-scan at 3 AM": "needs: [library-scan]",
    "10 minutes after library-scan": "after library-scan",
    "0 4 * * 1#6": "from 1 to 5",
    "cron 0 4 * * 1#6": "1 to 5 after the #",
    "cron 0 4 * * FRI#0": "5L",
    "30 0 3 * * *": "without seconds",
    "0 3 * * * 2027": "without years",
    "*/15 * * *": "five fields",
    "*/5": "every 5 minutes",
    "H/15 * * * *": "H is not supported",
    "H H * * *": "H is not supported",
    "0 3 * * * /usr/bin/backup --all": "two keys",
    "RRULE:FREQ=DAILY": "iCalendar",
    "FREQ=WEEKLY;BYDAY=MO": "iCalendar",
    "P1M": "months and years differ",
    "daily at": "write it in full",
    "weekly on": "write it in full",
    "daily": "write it in full",
    "weekly": "write it in full",
    "0 3 * * 8": "expected a phrase",
    "whenever it suits": "expected a phrase",
    "monday brunch 3 AM": "expected a phrase",
    "mondays at 9 AM, 5 PM on the roof": "expected a phrase",
    "daily at 3 AM and 4 PM every sunday": "expected a time",
}
"""What is typed and has no line that means exactly it, and a part of what is said in place of one."""


def offered(typed: str) -> tuple[Schedule | None, str]:
    """Return what *typed* is read as, or what the line says that is offered for it, and the hint."""
    try:
        return read_checked_phrase(typed), ""
    except Unreadable as problem:
        line = None if problem.instead is None else read_checked_phrase(problem.instead)
        return line, problem.hint


@pytest.mark.parametrize("typed", SAME)
def test_the_line_that_is_offered_means_what_was_typed(typed: str) -> None:
    right = SAME[typed]

    line, _ = offered(typed)

    assert line == (None if right is None else read_phrase(right))


@pytest.mark.parametrize("typed", NO_LINE)
def test_no_line_is_offered_that_would_mean_something_else(typed: str) -> None:
    line, hint = offered(typed)

    assert line is None
    assert NO_LINE[typed] in hint
    assert "did you mean" not in hint


@pytest.mark.parametrize("typed", [typed for typed in SAME if SAME[typed]])
def test_capitals_and_spaces_change_no_meaning(typed: str) -> None:
    assert offered(f"  {typed.replace(' ', '   ')} ")[0] == offered(typed)[0]
    if "scan" not in typed:
        assert offered(typed.upper())[0] in {offered(typed)[0], None}


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("2 wk", "2 weeks"),
        ("5 min.", "5 minutes"),
        ("an hour and a half", "90 minutes"),
        ("1:30:00", "90 minutes"),
        ("PT1H30M", "90 minutes"),
        ("1,000 seconds", "1000 seconds"),
        ("1.5h", "90 minutes"),
        ("90", None),
        ("4:00", None),
        ("1h 1h", None),
        ("monday", None),
    ],
)
def test_a_length_of_time_in_other_words_is_offered_in_ours(typed: str, right: str | None) -> None:
    with pytest.raises(Unreadable) as caught:
        read_duration(typed)

    offer = caught.value.instead
    assert (None if offer is None else read_duration(offer)) == (None if right is None else read_duration(right))
