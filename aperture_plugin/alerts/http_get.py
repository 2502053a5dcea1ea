"""One HTTP request, and nothing of its answer but whether it was taken."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from typing import Final

from aperture_plugin.words.errors import ApertureError

__all__ = ["NotTaken", "http_get"]

_SECONDS: Final = 10.0
_AGENT: Final = "aperture_plugin"


class NotTaken(ApertureError):
    """The receiver did not take a request; says why, without its address."""


def http_get(address: str) -> None:
    """Request *address*, and look at nothing but whether its answer is a success.

    Raises:
        NotTaken: It cannot be reached within 10 seconds, or its answer is no success.
    """
    request = urllib.request.Request(address, headers={"User-Agent": _AGENT})  # noqa: S310  # checked when it is read
    try:
        # A body is not waited for: a receiver that trickles would hold its thread.
        urllib.request.urlopen(request, timeout=_SECONDS).close()  # noqa: S310  # as above
    except urllib.error.HTTPError as error:
        error.close()
        raise NotTaken(f"it answered {error.code}") from None
    except urllib.error.URLError as error:
        raise NotTaken(str(error.reason)) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotTaken(f"{type(error).__name__}: {error}") from None
