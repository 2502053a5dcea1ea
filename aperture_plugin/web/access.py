"""Rights of callers: the token, sessions of a browser, and where a change may come from.

What nobody has granted is denied. A change needs the same origin and the page's token, because a browser sends its
cookies along with whatever another site makes it send.
"""

from __future__ import annotations

import hashlib
import hmac
import inspect
import ipaddress
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection, Request

__all__ = ["PAGE_COOKIE", "SESSION_COOKIE", "Access", "Authorize", "Right", "Visitor"]

SESSION_COOKIE: Final = "aperture_session"
PAGE_COOKIE: Final = "aperture_page"
SESSION_SECONDS: Final = 7 * 24 * 3600
TRIES_A_MINUTE: Final = 5
_LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_MOST_ADDRESSES: Final = 10_000
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class Right(StrEnum):
    """The things that a caller may be allowed to do."""

    READ = "read"
    OPERATE = "operate"
    """Run, cancel, pause and resume jobs."""
    EDIT = "edit"
    """Change schedules in the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """The sender of a request.

    A right that does not exist is a ValueError.

    Attributes:
        rights: Any of `read`, `operate`, `edit`.
        name: The visitor's name in records; None for somebody without a name.
        address: The address that the request comes from; left out, it is read off the request.

    >>> sorted(Visitor(rights=["operate", "read"], name="ada").rights)
    [<Right.OPERATE: 'operate'>, <Right.READ: 'read'>]
    """

    rights: Collection[str] = frozenset()
    name: str | None = None
    address: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "rights", frozenset(map(Right, self.rights)))

    @property
    def by(self) -> str:
        """Return who it is and from where, for the record."""
        return f"{self.name or 'somebody'} on the page ({self.address or 'unknown address'})"


Granted = Iterable[str] | Visitor | None
Authorize = Callable[[Request], Granted | Awaitable[Granted]]
"""Returns the rights of the sender of a request."""


@dataclass(slots=True, kw_only=True)
class Access:
    """The rules by which requests are let through.

    Attributes:
        authorize: The host's own answer, in place of loopback and token.
        token: The token that callers present where there is no *authorize*; None for none.
        hosts: Further names in Host headers that are answered.
        read_only: Nobody has another right than `read`.
    """

    authorize: Authorize | None = None
    token: str | None = field(default=None, repr=False)
    hosts: frozenset[str] = frozenset()
    read_only: bool = False
    _secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    _tries: dict[str, deque[float]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.token is not None:
            # The same over restarts and in every process: a session outlives both.
            self._secret = hashlib.sha256(b"aperture page\0" + self.token.encode()).digest()

    # ── rights ──────────────────────────────────────────────────────────────────────────────────

    async def visitor(self, request: Request) -> Visitor:
        """Return who makes *request*, and with which rights.

        Raises:
            ValueError: The host's `authorize` returned what is no right.
        """
        found = await self._visitor(request)
        rights = frozenset(found.rights) & {Right.READ} if self.read_only else found.rights
        return Visitor(rights=rights, name=found.name, address=found.address or address_of(request))

    async def _visitor(self, request: Request) -> Visitor:
        if self.authorize is not None:
            granted = self.authorize(request)
            if inspect.isawaitable(granted):
                granted = await granted
            if isinstance(granted, Visitor):
                return granted
            return Visitor(rights=tuple(granted or ()), name=_user_of(request))
        if self.token is not None:
            is_known = self.has_bearer(request) or self._has_session(request)
            return Visitor(rights=frozenset(Right) if is_known else frozenset())
        return Visitor(rights=frozenset(Right) if is_local(request) else frozenset())

    @property
    def asks_for_token(self) -> bool:
        """True if a caller without rights gets them by presenting the token."""
        return self.authorize is None and self.token is not None

    def has_bearer(self, request: HTTPConnection) -> bool:
        """Return whether *request* presents the token as `Authorization: Bearer`."""
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        return kind.lower() == "bearer" and self.is_token(text.strip())

    def is_token(self, text: str) -> bool:
        """Return whether *text* is the token, in the same time for any text."""
        return self.token is not None and hmac.compare_digest(text.encode(), self.token.encode())

    # ── sessions ────────────────────────────────────────────────────────────────────────────────

    def new_session(self) -> str:
        """Return the value of a cookie that stands for the token."""
        return self._signed(f"s{int(time.time())}")

    def _has_session(self, request: HTTPConnection) -> bool:
        text = self._verified(request.cookies.get(SESSION_COOKIE, ""))
        if text is None or not text.startswith("s"):
            return False
        return -60 <= time.time() - int(text[1:]) < SESSION_SECONDS

    def may_try(self, address: str) -> bool:
        """Return whether *address* may try another token: five wrong ones a minute are the most."""
        tries = self._tries.get(address)
        while tries and tries[0] < time.monotonic() - 60:
            tries.popleft()
        return tries is None or len(tries) < TRIES_A_MINUTE

    def note_wrong(self, address: str) -> None:
        """Count a wrong try of *address*."""
        if len(self._tries) > _MOST_ADDRESSES:
            self._tries = {one: tries for one, tries in self._tries.items() if not self.may_try(one)}
        self._tries.setdefault(address, deque()).append(time.monotonic())

    # ── changes ─────────────────────────────────────────────────────────────────────────────────

    def new_page_token(self) -> str:
        """Return a token for the forms of a page; each differs, so that compressing a page gives none away."""
        return self._signed(f"p{secrets.token_urlsafe(9)}")

    def is_page_token(self, text: str, request: HTTPConnection) -> bool:
        """Return whether *text* is a token of a page that this application, or a twin of it, has shown this browser."""
        if (self._verified(text) or "").startswith("p"):
            return True
        # A twin behind the same address has another secret, but the browser brings along what the twin gave it.
        cookie = request.cookies.get(PAGE_COOKIE, "")
        return len(cookie) >= _TOKEN_LENGTH and hmac.compare_digest(cookie.encode(), text.encode())

    def is_free_of_forgery(self, request: HTTPConnection, page_token: str) -> bool:
        """Return whether the sender means the change, and not another site through a browser.

        A token in the Authorization header is proof enough: no site can make a browser send one.
        """
        if self.has_bearer(request):
            return True
        if self.authorize is not None and request.headers.get("authorization", "").lower().startswith("bearer "):
            return True
        return is_same_origin(request) and self.is_page_token(page_token, request)

    def _signed(self, text: str) -> str:
        return f"{text}.{hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()}"

    def _verified(self, signed: str) -> str | None:
        value, _, _ = signed.rpartition(".")
        return value if value and hmac.compare_digest(self._signed(value).encode(), signed.encode()) else None


_TOKEN_LENGTH: Final = 64


def is_same_origin(request: HTTPConnection) -> bool:
    """Return whether the browser says that the page itself sends *request*."""
    fetched = request.headers.get("sec-fetch-site")
    if fetched is not None:
        return fetched == "same-origin"
    origin = request.headers.get("origin")
    if origin is None:
        return False
    try:
        value = urlsplit(origin)
        port = value.port or _DEFAULT_PORTS.get(value.scheme)
        host = urlsplit(f"//{request.headers.get('host', '')}")
        return value.hostname is not None and (value.hostname, port) == (
            host.hostname,
            host.port or _DEFAULT_PORTS.get(value.scheme),
        )
    except ValueError:
        return False


def host_is_known(request: HTTPConnection, hosts: Iterable[str]) -> bool:
    """Return whether the Host header names this machine, the address that is listened on, or one of *hosts*."""
    try:
        name = urlsplit(f"//{request.headers.get('host', '')}").hostname
    except ValueError:
        return False
    if name is None:
        return False
    server = request.scope.get("server")
    listens = {str(server[0]).lower()} if server else set()
    return name in _LOCAL_NAMES | listens or name in {bare_host(host) for host in hosts}


def bare_host(text: str) -> str:
    """Return a host as Host headers are compared: in lower case, without a port."""
    try:
        return urlsplit(f"//{text}").hostname or text.lower()
    except ValueError:
        return text.lower()


def is_local(request: HTTPConnection) -> bool:
    """Return whether *request* comes from this machine, and was not passed on from another one."""
    client = request.client
    passed_on = [one.strip() for one in request.headers.get("x-forwarded-for", "").split(",") if one.strip()]
    if "forwarded" in request.headers:
        return False
    return client is not None and all(map(is_loopback, [client.host, *passed_on]))


def address_of(request: HTTPConnection) -> str:
    """Return where *request* comes from; of one that a proxy on this machine passes on, what the proxy says."""
    client = request.client
    host = "" if client is None else client.host
    if host and not is_loopback(host):
        return host
    return request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()[:64] or host


def is_loopback(host: str) -> bool:
    """Return whether *host* is an address of this machine alone."""
    try:
        return ipaddress.ip_address(host.split("%", 1)[0]).is_loopback
    except ValueError:
        return host == "localhost"


def _user_of(request: Request) -> str | None:
    user = request.scope.get("user")
    name = getattr(user, "display_name", None) or getattr(user, "username", None)
    return str(name)[:100] if name and getattr(user, "is_authenticated", True) else None
