"""Foresees the coming days: the loop itself, run through in virtual time.

Nothing here decides what may start when. `rehearse` lets the real loop tick over a store in memory, a clock
that jumps and an executor that only pretends; `plan` reads off what came of it. So a plan can be wrong about
how long a job takes, and about nothing else.
"""
