"""The significant terms of a text."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["terms_of"]

_WORD: Final = re.compile(r"[^\W\d_]{3,}")

# Words so common that they say nothing about a plot.
_COMMON: Final = """
about above after again all and another any are ask back because been before begin behind being between both
but can cannot come could day did does down each every everyone few find first for four from get give goes gone
had has have her here hers him his how into its itself just keep know last leave less let like make many may
more most must never new next nobody not nothing now off old once one only onto other our out over own run same
say see seven she six small so some somebody someone still such take taught than that the their them then there
these they this those three through time together too turn two under until up upon very was way were what when
where which while who whoever whom whose why will with without year young you
"""
_COMMON_TERMS: Final = frozenset(_COMMON.split())


def terms_of(text: str) -> list[str]:
    """Return the terms of *text* in its order, repeated as often as they stand there: lower case, no plural.

    >>> terms_of("The Keeper's lamps and the stormy harbours")
    ['keeper', 'lamp', 'stormy', 'harbour']
    """
    plain = unicodedata.normalize("NFKC", text).casefold().replace("'s", "").replace("’s", "")
    singular = (_singular(word) for word in _WORD.findall(plain))
    return [word for word in singular if word not in _COMMON_TERMS]


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("s") and len(word) > 3 and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
