"""The secrets of one running aperture, hidden in its reasons and in what it logs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from aperture_plugin.config.model import Config
from aperture_plugin.words.mask import Mask, mask_of
from aperture_plugin.words.secrets import secrets_of, secrets_of_address

__all__ = ["SecretsFilter", "SecretsInForce"]


class SecretsInForce:
    """Makes the mask of an aperture: the secrets of its environment, of the store's address, and of the file in force.

    Args:
        environ: Looked through once.
        state: An address that stands in place of the file's `state`.
        chosen: Returns the file in force; None before there is one.
    """

    def __init__(self, environ: Mapping[str, str], state: str | None, chosen: Callable[[], Config | None]) -> None:
        self._own = (*secrets_of(environ), *secrets_of_address(state or ""))
        self._chosen = chosen

    @property
    def mask(self) -> Mask:
        """The mask as of now; a file that comes into force brings its own secrets."""
        config = self._chosen()
        return mask_of(self._own if config is None else (*self._own, *config.secrets))


class SecretsFilter(logging.Filter):
    """Hides secrets in the records of a logger, tracebacks included; it drops no record."""

    def __init__(self, secrets: SecretsInForce) -> None:
        super().__init__()
        self._secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace the secrets in *record*; one without any stays as it is."""
        mask = self._secrets.mask
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001  # logging itself reports a record that cannot be formatted
            return True
        if (hidden := mask(text)) != text:
            record.msg, record.args = hidden, ()
        if record.exc_info and record.exc_info[1] is not None:
            trace = record.exc_text or _FORMATTER.formatException(record.exc_info)
            if (hidden := mask(trace)) != trace:
                # A handler that formats the record finds the text, and not the exception that would show them again.
                record.exc_info, record.exc_text = None, hidden
        return True


_FORMATTER = logging.Formatter()
