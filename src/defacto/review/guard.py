"""What stands before every page: hosts, origins, sizes, and what a browser is told never to do."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from hashlib import sha256
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "defacto_desk"
MOST_BYTES = 256 * 1024
"""Most that a request may send, but for a scan to check."""
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
POLICY_3D = POLICY.replace("img-src 'self' blob:", "img-src 'self' blob: data:")
"""For the page with the view in 3D, whose letters and lights are pictures within its script."""
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "x-robots-tag": "noindex",
}
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class TooLargeError(Exception):
    """A request sends more than it may."""


class Guard:
    """Refuses requests to other hosts, from other sites, and too large ones; sets the headers of answers.

    Parameters
    ----------
    app : ASGI application
        What is guarded.
    hosts : iterable of str
        Values of the header Host that are answered: what defends against a foreign name for this address.
    secure : bool
        Whether browsers reach it by https, be it through a proxy.
    large : mapping of str to int
        Most bytes that may be sent to a path, where it is more than usual.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str], large: dict[str, int], *, secure: bool) -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._scheme = "https" if secure else "http"
        self._large = large

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        most = self._large.get(scope["path"], MOST_BYTES)
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise TooLargeError
            return message

        begun = False

        async def dressed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                answer = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    answer.setdefault(name, value)
                answer.setdefault("cache-control", "no-store")
            await send(message)

        refused = self._refuse(scope, headers, most)
        if refused is not None:
            await refused(scope, receive, dressed)
            return
        try:
            await self._app(scope, counted, dressed)
        except TooLargeError:
            if not begun:
                await _too_large(most)(scope, receive, dressed)

    def _refuse(self, scope: Scope, headers: Headers, most: int) -> JSONResponse | None:
        host = headers.get("host", "")
        if host not in self._hosts:
            return _sentence(421, "This server does not answer for that name.")
        if scope["method"] in _SAFE:
            return None
        site = headers.get("sec-fetch-site", "same-origin")
        if headers.get("origin") != f"{self._scheme}://{host}" or site != "same-origin":
            return _sentence(403, "The request comes from another site.")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or len(length) > 15 or int(length) > most:
            return _too_large(most)
        return None


def form_token(session: str) -> str:
    """Return what every form of a session carries, so that no other site can send one."""
    return hmac.new(session.encode("utf-8", "surrogatepass"), b"form", sha256).hexdigest()


def is_form_token(session: str, given: str) -> bool:
    """Whether a form is of this session."""
    return hmac.compare_digest(form_token(session).encode(), given.encode("utf-8", "surrogatepass"))


def _too_large(most: int) -> JSONResponse:
    return _sentence(413, f"That is too large: at most {most // 1024:,} KiB may be sent.")


def _sentence(code: int, text: str) -> JSONResponse:
    return JSONResponse({"detail": text}, status_code=code)
