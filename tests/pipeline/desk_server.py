"""A desk as its own process."""

import socket
import ssl
import subprocess
import sys
import time

import httpx


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def trusting(certificate):
    """Return what trusts a certificate that signed itself."""
    return ssl.create_default_context(cafile=certificate)


def start(out, port, *words, url=None, verify=True, answers_at=None):
    """Start a desk and wait until it answers; `words` are further options.

    `url` is what people type, `answers_at` where it can be reached from here, if that is another address.
    """
    url = url or f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "defacto.cli", "review", str(out), "--port", str(port), *words]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout.readline() == f"The review desk: {url}/\n"
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            httpx.get(f"{answers_at or url}/sign-in", verify=verify)
            return server
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the desk did not start")
