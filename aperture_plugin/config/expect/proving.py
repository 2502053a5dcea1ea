"""Whether an expectation holds for every start of a span, and if not, when it fails first and why."""

from __future__ import annotations

from typing import assert_never

from aperture_plugin.config.expect.crowds import at_most
from aperture_plugin.config.expect.deadlines import ready_by
from aperture_plugin.config.expect.hours import nothing
from aperture_plugin.config.expect.order import before
from aperture_plugin.config.expect.planned import Planned
from aperture_plugin.config.expect.refuted import Refuted
from aperture_plugin.words.expectations import AtMost, Before, Expectation, Nothing, ReadyBy

__all__ = ["proved"]


def proved(expectation: Expectation, planned: Planned) -> Refuted | None:
    """Return None if *expectation* holds of every start that is *planned*, else what refutes it.

    Raises:
        TooMany: There are more starts than the budget allows, and none of those looked at refutes it.
    """
    match expectation:
        case Before():
            return before(expectation, planned)
        case Nothing():
            return nothing(expectation, planned)
        case AtMost():
            return at_most(expectation, planned)
        case ReadyBy():
            return ready_by(expectation, planned)
    assert_never(expectation)
