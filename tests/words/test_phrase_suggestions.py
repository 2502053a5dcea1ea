"""What a phrase that cannot be read is told to be instead."""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc

import pytest

from aperture_plugin.words.phrases import read_phrase

Refusal = Callable[[Callable[[str], object], str], str]

REFUSED = {
    "": """
        no schedule is written [nothing-written]

        ^
        hint: expected a phrase that begins with daily, weekly, monthly, every, cron, once, after, at start
              or manual, such as daily at 2:00 AM
    """,
    "dayly at 2": """
        "dayly" begins no schedule [unknown-phrase]
        dayly at 2
        ^^^^^
        hint: expected a phrase that begins with daily, weekly, monthly, every, cron, once, after, at start
              or manual; did you mean "daily"?
    """,
    "dayly at 2 AM": """
        "dayly" begins no schedule [unknown-phrase]
        dayly at 2 AM
        ^^^^^
        hint: expected a phrase that begins with daily, weekly, monthly, every, cron, once, after, at start
              or manual; did you mean "daily"?
        write: daily at 2 AM
    """,
    "dаily at 2 AM": """
        "dаily" begins no schedule [unknown-phrase]
        dаily at 2 AM
        ^^^^^
        hint: expected a phrase that begins with daily, weekly, monthly, every, cron, once, after, at start
              or manual; did you mean "daily"? (its "а" is a cyrillic small letter a)
        write: daily at 2 AM
    """,
    "hourly": """
        "hourly" begins no schedule [unknown-phrase]
        hourly
        ^^^^^^
        hint: expected a phrase that begins with daily, weekly, monthly, every, cron, once, after, at start
              or manual; did you mean "every hour"?
        write: every hour
    """,
    "@daily": """
        "@daily" begins no schedule [unknown-phrase]
        @daily
        ^^^^^^
        hint: expected a phrase that begins with daily, weekly, monthly, every, cron, once, after, at start
              or manual; did you mean "daily at 12:00 AM"?
        write: daily at 12:00 AM
    """,
    "never": """
        "never" begins no schedule [unknown-phrase]
        never
        ^^^^^
        hint: expected a phrase that begins with daily, weekly, monthly, every, cron, once, after, at start
              or manual; did you mean "manual only"?
        write: manual only
    """,
    "nightly": """
        "nightly" begins no schedule [unknown-phrase]
        nightly
        ^^^^^^^
        hint: it says no time of day; write it in full, such as  daily at 2:00 AM
    """,
    "nightly at 2 AM": """
        "nightly" begins no schedule [unknown-phrase]
        nightly at 2 AM
        ^^^^^^^
        hint: expected a phrase that begins with daily, weekly, monthly, every, cron, once, after, at start
              or manual; did you mean "daily at 2:00 AM"?
        write: daily at 2:00 AM
    """,
    "sunday at 4 AM": """
        "sunday" begins no schedule [unknown-phrase]
        sunday at 4 AM
        ^^^^^^
        hint: expected a phrase that begins with daily, weekly, monthly, every, cron, once, after, at start
              or manual; did you mean "weekly on sunday at 4 AM"?
        write: weekly on sunday at 4 AM
    """,
    "at 2 AM": """
        "at" begins no schedule [unknown-phrase]
        at 2 AM
        ^^
        hint: expected a phrase that begins with daily, weekly, monthly, every, cron, once, after, at start
              or manual; did you mean "daily at 2 AM"?
        write: daily at 2 AM
    """,
    "30 minutes": """
        "30" begins no schedule [unknown-phrase]
        30 minutes
        ^^
        hint: expected a phrase that begins with daily, weekly, monthly, every, cron, once, after, at start
              or manual; did you mean "every 30 minutes"?
        write: every 30 minutes
    """,
    "0 3 * * *": """
        "0" begins no schedule [unknown-phrase]
        0 3 * * *
        ^
        hint: expected a phrase that begins with daily, weekly, monthly, every, cron, once, after, at start
              or manual; did you mean "cron 0 3 * * *"?
        write: cron 0 3 * * *
    """,
    "2026-12-24 18:00": """
        "2026-12-24" begins no schedule [unknown-phrase]
        2026-12-24 18:00
        ^^^^^^^^^^
        hint: expected a phrase that begins with daily, weekly, monthly, every, cron, once, after, at start
              or manual; did you mean "once at 2026-12-24 18:00"?
        write: once at 2026-12-24 18:00
    """,
    "day 1 at 4 AM": """
        "day" begins no schedule [unknown-phrase]
        day 1 at 4 AM
        ^^^
        hint: expected a phrase that begins with daily, weekly, monthly, every, cron, once, after, at start
              or manual; did you mean "monthly on day 1 at 4 AM"?
        write: monthly on day 1 at 4 AM
    """,
    "whenever it suits": """
        "whenever" begins no schedule [unknown-phrase]
        whenever it suits
        ^^^^^^^^
        hint: expected a phrase that begins with daily, weekly, monthly, every, cron, once, after, at start
              or manual
    """,
    "٣ hours": """
        "٣" is not written in the digits 0 to 9 [digits-not-ascii]
        ٣ hours
        ^
        hint: write "3" with the digits of an English keyboard
        write: every 3 hours
    """,
    "daily": """
        nothing is written after "daily" [incomplete-phrase]
        daily
        ^^^^^
        hint: write it in full, such as daily at 2:00 AM
    """,
    "daily at": """
        no time is written after "at" [incomplete-phrase]
        daily at
              ^^
        hint: write it in full, such as daily at 2:00 AM
    """,
    "daily 2 AM": """
        "2" stands where "at" was expected [unexpected-words]
        daily 2 AM
              ^
        hint: write it as in daily at 2:00 AM
        write: daily at 2 AM
    """,
    "daily att 3 AM": """
        "att" stands where "at" was expected [unexpected-words]
        daily att 3 AM
              ^^^
        hint: write it as in daily at 2:00 AM
        write: daily at 3 AM
    """,
    "daily on monday at 4 AM": """
        "on" stands where "at" was expected [unexpected-words]
        daily on monday at 4 AM
              ^^
        hint: write it as in daily at 2:00 AM
        write: weekly on monday at 4 AM
    """,
    "daily at 2": """
        "2" could be morning or evening [ambiguous-time]
        daily at 2
                 ^
        hint: write 2:00 AM or 2:00 PM
    """,
    "daily at 24:00": """
        "24:00" is not a time: no day has an hour 24 [midnight-24]
        daily at 24:00
                 ^^^^^
        hint: the day begins at 00:00, or 12:00 AM; write 00:00
        write: daily at 00:00
    """,
    "weekly": """
        nothing is written after "weekly" [incomplete-phrase]
        weekly
        ^^^^^^
        hint: write it in full, such as weekly on sunday at 4:00 AM
    """,
    "weekly on": """
        no day is written after "on" [incomplete-phrase]
        weekly on
               ^^
        hint: write it in full, such as weekly on sunday at 4:00 AM
    """,
    "weekly on at 4 AM": """
        no day is written after "on" [incomplete-phrase]
        weekly on at 4 AM
               ^^
        hint: write it in full, such as weekly on sunday at 4:00 AM
    """,
    "weekly on sunday": """
        no time is written after "sunday" [incomplete-phrase]
        weekly on sunday
                  ^^^^^^
        hint: write it in full, such as weekly on sunday at 4:00 AM
    """,
    "weekly sunday at 4 AM": """
        "sunday" stands where "on" was expected [unexpected-words]
        weekly sunday at 4 AM
               ^^^^^^
        hint: write it as in weekly on sunday at 4:00 AM
        write: weekly on sunday at 4 AM
    """,
    "weekly at 4 AM": """
        "at" stands where "on" was expected [unexpected-words]
        weekly at 4 AM
               ^^
        hint: it says no day of the week; write it in full, such as  weekly on sunday at 4:00 AM
    """,
    "weekly on sunday 4 AM": """
        "4" stands where "at" was expected [unexpected-words]
        weekly on sunday 4 AM
                         ^
        hint: write it as in weekly on sunday at 4:00 AM
        write: weekly on sunday at 4 AM
    """,
    "weekly on sunday ta 4 AM": """
        "ta" stands where "at" was expected [unexpected-words]
        weekly on sunday ta 4 AM
                         ^^
        hint: write it as in weekly on sunday at 4:00 AM
        write: weekly on sunday at 4 AM
    """,
    "weekly on saterday at 3 AM": """
        "saterday" is not a day of the week [unknown-day]
        weekly on saterday at 3 AM
                  ^^^^^^^^
        hint: expected sunday to saturday, weekdays or weekends; did you mean "saturday"?
        write: weekly on saturday at 3 AM
    """,
    "weekly on mon-fri at 24:00": """
        "mon-fri" is not a day of the week [unknown-day]
        weekly on mon-fri at 24:00
                  ^^^^^^^
        hint: join several days with a comma: weekdays
        write: weekly on weekdays at 00:00
    """,
    "weekly on sunday at": """
        no time is written after "at" [incomplete-phrase]
        weekly on sunday at
                         ^^
        hint: write it in full, such as weekly on sunday at 4:00 AM
    """,
    "monthly on 1 at 4 AM": """
        "1" is not a day of a month [bad-month-day]
        monthly on 1 at 4 AM
                   ^
        hint: expected day 1 to day 31, or the last day; did you mean "day 1"?
        write: monthly on day 1 at 4 AM
    """,
    "monthly on the 15th at 4 AM": """
        "the 15th" is not a day of a month [bad-month-day]
        monthly on the 15th at 4 AM
                   ^^^^^^^^
        hint: expected a day from 1 to 31, or last; write 15
        write: monthly on day 15 at 4 AM
    """,
    "monthly on 15th at 4 AM": """
        "15th" is not a day of a month [bad-month-day]
        monthly on 15th at 4 AM
                   ^^^^
        hint: expected day 1 to day 31, or the last day; did you mean "day 15"?
        write: monthly on day 15 at 4 AM
    """,
    "monthly on day 32 at 4 AM": """
        "32" is not a day of a month [bad-month-day]
        monthly on day 32 at 4 AM
                       ^^
        hint: expected a day from 1 to 31, or last for the last day, whichever that is
    """,
    "monthly on day at 4 AM": """
        no day is written after "day" [incomplete-phrase]
        monthly on day at 4 AM
                   ^^^
        hint: write it in full, such as monthly on day 1 at 4:00 AM
    """,
    "monthly on days 3 at 4 AM": """
        "days 3" is not a day of a month [bad-month-day]
        monthly on days 3 at 4 AM
                   ^^^^^^
        hint: expected day 1 to day 31, or the last day; did you mean "day 3"?
        write: monthly on day 3 at 4 AM
    """,
    "monthly on sunday at 4 AM": """
        "sunday" is not a day of a month [bad-month-day]
        monthly on sunday at 4 AM
                   ^^^^^^
        hint: expected day 1 to day 31, or the last day
    """,
    "monthly on day 1, 15 at 4 AM": """
        "1, 15" is not a day of a month [bad-month-day]
        monthly on day 1, 15 at 4 AM
                       ^^^^^
        hint: did you mean "monthly on day 1 at 4:00 AM; monthly on day 15 at 4:00 AM"?
        write: monthly on day 1 at 4:00 AM; monthly on day 15 at 4:00 AM
    """,
    "monthly on lst day at 4 AM": """
        "lst day" is not a day of a month [bad-month-day]
        monthly on lst day at 4 AM
                   ^^^^^^^
        hint: expected day 1 to day 31, or the last day; did you mean "last day"?
        write: monthly on last day at 4 AM
    """,
    "monthly on day 1": """
        no time is written after "1" [incomplete-phrase]
        monthly on day 1
                       ^
        hint: write it in full, such as monthly on day 1 at 4:00 AM
    """,
    "every": """
        no interval is written after "every" [incomplete-phrase]
        every
        ^^^^^
        hint: write it in full, such as every 2 hours
    """,
    "every at :10": """
        no interval is written after "every" [incomplete-phrase]
        every at :10
        ^^^^^
        hint: write it in full, such as every 2 hours
    """,
    "every mintue": """
        "mintue" is not a number with a unit of time [bad-duration]
        every mintue
              ^^^^^^
        hint: expected an interval, such as every 2 hours; did you mean "every minute"?
        write: every minute
    """,
    "every two hours": """
        "two" is not a number with a unit of time [bad-duration]
        every two hours
              ^^^
        hint: expected a number with its unit, such as 90 seconds, 30m or 1 hour 30 minutes
        write: every 2 hours
    """,
    "every day at 2 AM": """
        "2 AM" is not an offset [bad-offset]
        every day at 2 AM
                     ^^^^
        hint: expected an interval, such as every 2 hours; did you mean "daily at 2 AM"?
        write: daily at 2 AM
    """,
    "every sunday at 4 AM": """
        "sunday" is not a number with a unit of time [bad-duration]
        every sunday at 4 AM
              ^^^^^^
        hint: expected an interval, such as every 2 hours; did you mean "weekly on sunday at 4 AM"?
        write: weekly on sunday at 4 AM
    """,
    "every weekday at 9 AM": """
        "weekday" is not a number with a unit of time [bad-duration]
        every weekday at 9 AM
              ^^^^^^^
        hint: expected an interval, such as every 2 hours; did you mean "weekly on weekdays at 9 AM"?
        write: weekly on weekdays at 9 AM
    """,
    "every last day at 9 AM": """
        "last" is not a number with a unit of time [bad-duration]
        every last day at 9 AM
              ^^^^
        hint: expected an interval, such as every 2 hours; did you mean "monthly on last day at 9 AM"?
        write: monthly on last day at 9 AM
    """,
    "every 0 minutes": """
        "0 minutes" is no time at all [zero-duration]
        every 0 minutes
              ^^^^^^^^^
        hint: expected a duration of 1 second or more
    """,
    "every -1 hours": """
        "-1 hours" is less than nothing [negative-duration]
        every -1 hours
              ^^^^^^^^
        hint: expected a duration of 1 second or more, without a minus sign
    """,
    "every 1.5 hours": """
        "1.5 hours" is not a whole number [duration-fraction]
        every 1.5 hours
              ^^^^^^^^^
        hint: write whole numbers, such as 1 hour 30 minutes
        write: every 1 hour 30 minutes
    """,
    "every 367 days": """
        "367 days" is longer than an interval may be [interval-too-long]
        every 367 days
              ^^^^^^^^
        hint: expected an interval from 1 second to 366 days
    """,
    "every 2 hours at": """
        no offset is written after "at" [incomplete-phrase]
        every 2 hours at
                      ^^
        hint: write it in full, such as every 3 hours at :10
    """,
    "every 2 hours at 10": """
        "10" is not an offset [bad-offset]
        every 2 hours at 10
                         ^^
        hint: 10 could be an hour of the day or minutes past the hour; write  every 2 hours,  or  every 2
              hours at :10
    """,
    "every 1 hour at 1:10": """
        "1:10" is not less than the interval of 1 hour [offset-too-long]
        every 1 hour at 1:10
                        ^^^^
        hint: expected less than the interval: the offset says how long after midnight the first run is
        write: every 1 hour at :10
    """,
    "every 2 hours at 2:00": """
        "2:00" is not less than the interval of 2 hours [offset-too-long]
        every 2 hours at 2:00
                         ^^^^
        hint: expected less than the interval: the offset says how long after midnight the first run is; did
              you mean "every 2 hours"?
        write: every 2 hours
    """,
    "every 30 minutes at 2 AM": """
        "2 AM" is not an offset [bad-offset]
        every 30 minutes at 2 AM
                            ^^^^
        hint: expected minutes past the hour such as :10, or hours and minutes such as 1:10
    """,
    "every ５ minutes": """
        "５" is not written in the digits 0 to 9 [digits-not-ascii]
        every ５ minutes
              ^
        hint: write "5" with the digits of an English keyboard
        write: every 5 minutes
    """,
    "cron": """
        no cron expression is written after "cron" [incomplete-phrase]
        cron
        ^^^^
        hint: write it in full, such as cron 0 3 * * 1-5
    """,
    "cron * * *": """
        the cron expression has 3 fields [cron-fields]
        cron * * *
             ^^^^^
        hint: expected five fields: minute, hour, day of month, month, day of week, such as 0 3 * * 1-5;
              month is the first that is missing
    """,
    "cron * * * * * *": """
        the cron expression has 6 fields [cron-fields]
        cron * * * * * *
                       ^
        hint: expected five fields of cron, from the minute to the day of the week, without seconds; nearest
              is  cron * * * * *
    """,
    "cron @hourly": """
        "@hourly" is a name for a cron expression [cron-macro]
        cron @hourly
             ^^^^^^^
        hint: expected the five fields themselves: 0 * * * *
        write: cron 0 * * * *
    """,
    "once": """
        nothing is written after "once" [incomplete-phrase]
        once
        ^^^^
        hint: write it in full, such as once at 2026-12-24 6:00 PM
    """,
    "once at 2026-02-30 10:00": """
        "2026-02-30" is not in the calendar: February 2026 has 28 days [impossible-date]
        once at 2026-02-30 10:00
                        ^^
        hint: expected a day from 01 to 28
    """,
    "once at 2026-12-24": """
        "2026-12-24" does not say at what time [moment-without-time]
        once at 2026-12-24
                ^^^^^^^^^^
        hint: write the time after the date, such as 2026-12-24 6:00 PM
    """,
    "once 2026-12-24 18:00": """
        "2026-12-24" stands where "at" was expected [unexpected-words]
        once 2026-12-24 18:00
             ^^^^^^^^^^
        hint: write it as in once at 2026-12-24 6:00 PM
        write: once at 2026-12-24 18:00
    """,
    "once at tomorrow": """
        "tomorrow" is not a date and a time [bad-moment]
        once at tomorrow
                ^^^^^^^^
        hint: expected a date and a time, such as 2026-12-24 18:00 or 2026-12-24 6:00 PM
    """,
    "after": """
        no job is written after "after" [incomplete-phrase]
        after
        ^^^^^
        hint: write it in full, such as after library-scan
    """,
    "after scan backup": """
        nothing joins "scan" and "backup" [unjoined-items]
        after scan backup
                   ^^^^^^
        hint: join several with a comma or "and", as in library-scan, database-backup
        write: after scan, backup
    """,
    "after scan,": """
        a job is missing after "," [missing-item]
        after scan,
                  ^
        hint: join several with a comma or "and", as in library-scan, database-backup
    """,
    "after scan/backup": """
        "scan/backup" is not a job's name: it has "/" [bad-job-name]
        after scan/backup
                  ^
        hint: a name has letters, digits, dots, dashes and underscores, begins with a letter or digit, and
              is at most 64 characters long; write scan-backup
        write: after scan-backup
    """,
    "manual please": """
        "please" has no place in a manual schedule [unexpected-words]
        manual please
               ^^^^^^
        hint: write manual only
        write: manual only
    """,
    "manual only please": """
        "please" has no place in a manual schedule [unexpected-words]
        manual only please
                    ^^^^^^
        hint: write manual only
        write: manual only
    """,
    "manual onyl": """
        "onyl" has no place in a manual schedule [unexpected-words]
        manual onyl
               ^^^^
        hint: write manual only
        write: manual only
    """,
    "daily at 2 AM; 3 AM": """
        "3" begins no schedule [unknown-phrase]
        daily at 2 AM; 3 AM
                       ^
        hint: expected a phrase that begins with daily, weekly, monthly, every, cron, once, after, at start
              or manual; did you mean "daily at 3 AM"?
        write: daily at 2 AM; daily at 3 AM
    """,
    "daily at 2 AM;": """
        a schedule is missing beside ";" [missing-item]
        daily at 2 AM;
                     ^
        hint: join several schedules with a semicolon, as in daily at 2:00 AM; weekly on sunday at 4:00 AM
        write: daily at 2 AM
    """,
    "; daily at 2 AM": """
        a schedule is missing beside ";" [missing-item]
        ; daily at 2 AM
        ^
        hint: join several schedules with a semicolon, as in daily at 2:00 AM; weekly on sunday at 4:00 AM
        write: daily at 2 AM
    """,
    "daily at 2 AM;; every hour": """
        a schedule is missing beside ";" [missing-item]
        daily at 2 AM;; every hour
                      ^
        hint: join several schedules with a semicolon, as in daily at 2:00 AM; weekly on sunday at 4:00 AM
        write: daily at 2 AM; every hour
    """,
    ";": """
        a schedule is missing beside ";" [missing-item]
        ;
        ^
        hint: join several schedules with a semicolon, as in daily at 2:00 AM; weekly on sunday at 4:00 AM
    """,
    "every hour; manual only": """
        "Manual only" stands beside other schedules [stands-alone]
        every hour; manual only
                    ^^^^^^^^^^^
        hint: expected it alone; leave it out, since every job runs when a person asks for it
        write: every hour
    """,
    "after scan; daily at 2 AM": """
        "After scan" stands beside other schedules [stands-alone]
        after scan; daily at 2 AM
        ^^^^^^^^^^
        hint: expected it alone; or leave it out, and write beside the other schedules  needs: [scan]
    """,
    "at start; at start after 5 minutes": """
        "At start after 5 minutes" is a second schedule at start [starts-twice]
        at start; at start after 5 minutes
                  ^^^^^^^^^^^^^^^^^^^^^^^^
        hint: expected one of them: a job runs once at start; keep at start
        write: at start
    """,
    "daily at 2 AM; weekly on saterday at 3 AM": """
        "saterday" is not a day of the week [unknown-day]
        daily at 2 AM; weekly on saterday at 3 AM
                                 ^^^^^^^^
        hint: expected sunday to saturday, weekdays or weekends; did you mean "saturday"?
        write: daily at 2 AM; weekly on saturday at 3 AM
    """,
    "at boot": """
        "at boot" stands where "at start" was expected [unexpected-words]
        at boot
        ^^^^^^^
        hint: write at start: it runs each time the first loop on the store begins
        write: at start
    """,
    "on start": """
        "on start" stands where "at start" was expected [unexpected-words]
        on start
        ^^^^^^^^
        hint: write at start: it runs each time the first loop on the store begins
        write: at start
    """,
    "@reboot": """
        "@reboot" begins no schedule [unknown-phrase]
        @reboot
        ^^^^^^^
        hint: expected a phrase that begins with daily, weekly, monthly, every, cron, once, after, at start
              or manual; did you mean "at start"?
        write: at start
    """,
    "at start after": """
        no delay is written after "after" [incomplete-phrase]
        at start after
                 ^^^^^
        hint: write it in full, such as at start after 2 minutes unless ran within 6 hours
    """,
    "at start in 2 minutes": """
        "in" has no place there in a schedule at start [unexpected-words]
        at start in 2 minutes
                 ^^
        hint: expected after, as in at start after 2 minutes unless ran within 6 hours
        write: at start after 2 minutes
    """,
    "at start unless ran in 6 hours": """
        "in" stands where "within" was expected [unexpected-words]
        at start unless ran in 6 hours
                            ^^
        hint: write it as in at start after 2 minutes unless ran within 6 hours
        write: at start unless ran within 6 hours
    """,
    "at start afterr 2 minutes": """
        "afterr" has no place there in a schedule at start [unexpected-words]
        at start afterr 2 minutes
                 ^^^^^^
        hint: expected after, as in at start after 2 minutes unless ran within 6 hours
        write: at start after 2 minutes
    """,
    "at start after 2 minutes after 3 minutes": """
        "after" has no place there in a schedule at start [unexpected-words]
        at start after 2 minutes after 3 minutes
                                 ^^^^^
        hint: expected unless, as in at start after 2 minutes unless ran within 6 hours
    """,
    "at strat": """
        "strat" stands where "start" was expected [unexpected-words]
        at strat
           ^^^^^
        hint: write it as in at start after 2 minutes unless ran within 6 hours
        write: at start
    """,
    "startup": """
        "startup" begins no schedule [unknown-phrase]
        startup
        ^^^^^^^
        hint: expected a phrase that begins with daily, weekly, monthly, every, cron, once, after, at start
              or manual; did you mean "at start"?
        write: at start
    """,
    "at start 2 minutes": """
        "2" has no place there in a schedule at start [unexpected-words]
        at start 2 minutes
                 ^
        hint: expected after, as in at start after 2 minutes unless ran within 6 hours
        write: at start after 2 minutes
    """,
    "daily at 2 AM, weekly on sunday at 3 AM": """
        "weekly on sunday at 3 AM" is not a time [bad-time]
        daily at 2 AM, weekly on sunday at 3 AM
                       ^^^^^^^^^^^^^^^^^^^^^^^^
        hint: did you mean "daily at 2:00 AM; weekly on sunday at 3:00 AM"?
        write: daily at 2:00 AM; weekly on sunday at 3:00 AM
    """,
    "at start after 0 minutes": """
        "0 minutes" is no time at all [zero-duration]
        at start after 0 minutes
                       ^^^^^^^^^
        hint: expected a duration of 1 second or more
    """,
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_phrase_that_cannot_be_read_says_why_where_and_what_was_meant(text: str, refusal: Refusal) -> None:
    assert refusal(read_phrase, text) == cleandoc(REFUSED[text])
