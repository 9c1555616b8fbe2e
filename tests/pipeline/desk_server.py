"""A desk as its own process."""

import socket
import subprocess
import sys
import time

import httpx


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def start(out, port):
    command = [sys.executable, "-m", "defacto.cli", "review", str(out), "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout.readline().startswith("The review desk: http://127.0.0.1:")
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            httpx.get(f"http://127.0.0.1:{port}/sign-in")
            return server
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the desk did not start")
