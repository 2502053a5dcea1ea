"""Jobs of other schedulers, taken over with a proof that they are due when they were.

A reader (`crontab`, `yacron`, `systemd`) makes a `ForeignJob` of each job: what it runs, the ways in which a
schedules.yaml may say when, and the instants at which the source itself would run it. `proof` holds the two against
each other over a year, `writing` makes the file.
"""
