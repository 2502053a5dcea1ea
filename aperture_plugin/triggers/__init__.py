"""Schedules in a zone, turned into slots: pure values that are asked for spans, or for what comes next.

`trigger.trigger_of` makes one, `merge.merged` reads many as one stream, `clockchanges.changes` says
when a zone skips or repeats wall time, `cron` tells what is wrong with an expression.
"""
