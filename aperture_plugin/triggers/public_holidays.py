"""Public holidays, by the library `holidays`, which the extra [holidays] installs; its one home.

It knows the holidays of a country for some decades around now; of other years it knows none.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from aperture_plugin.words.calendars import HolidaysOf
from aperture_plugin.words.did_you_mean import did_you_mean
from aperture_plugin.words.parse_error import Unreadable, quoted

__all__ = ["check_holidays", "holidays_in"]

_MOST_NAMED = 12


def check_holidays(of: HolidaysOf) -> None:
    """Make sure that the holidays of that country and subdivision are known.

    Raises:
        Unreadable: They are not, or the library is not installed.
    """
    try:
        from holidays.utils import list_supported_countries
    except ImportError:
        raise Unreadable(
            "holidays-missing",
            "public holidays need the library holidays, which is not installed",
            "install it:  pip install 'aperture-plugin[holidays]'; or write the dates themselves",
            length=len(of.country),
        ) from None
    countries = list_supported_countries()
    if of.country not in countries:
        near = did_you_mean(of.country, sorted(countries))
        raise Unreadable(
            "unknown-country",
            f"{quoted(of.country)} is no country whose holidays are known",
            f"expected two letters of ISO 3166, such as LV or US{near}",
            length=len(of.country),
        )
    parts = countries[of.country]
    if of.subdivision is not None and of.subdivision not in parts:
        known = ", ".join(parts[:_MOST_NAMED]) + (", …" if len(parts) > _MOST_NAMED else "")
        raise Unreadable(
            "unknown-country",
            f"{quoted(of.subdivision)} is no part of {of.country} whose holidays are known",
            f"expected one of {known}{did_you_mean(of.subdivision, parts)}"
            if parts
            else f"write holidays of {of.country}",
            start=len(of.country) + 1,
            length=len(of.subdivision),
        )


@lru_cache(maxsize=1024)
def holidays_in(of: HolidaysOf, year: int) -> frozenset[date]:
    """Return the public holidays of *year*; none of a year that is not known, or where the library is missing."""
    try:
        from holidays.utils import country_holidays
    except ImportError:
        return frozenset()
    found = country_holidays(of.country, subdiv=of.subdivision, years=year, expand=False)
    return frozenset(day for day in found if day.year == year)
