"""Triggers: pure values that yield the slots of a schedule in a time zone.

`trigger.trigger_of` makes one, `merge.merged` reads many as one stream, `clock_changes.changes` finds where a
zone skips or repeats wall time, and `cron_expression.check_cron` explains what is wrong with an expression.
"""
