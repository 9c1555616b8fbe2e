"""How a desk is served, and what of it would be unsafe."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from defacto.errors import SettingsError

LINK_USER = "lead"
"""Who comes in by the link."""


@dataclass(frozen=True)
class Options:
    """How a desk is served.

    Parameters
    ----------
    out : Path
        Folder of the run.
    host : str
        Address to listen at.
    port : int
        Where.
    input : Path, optional
        The input of the run.
    subject_key, series_map : Path, optional
        As the run had them, where the input is DICOM.
    originals : bool
        Whether leads may see pictures of originals, where the input is given.
    go_on : bool
        Whether the next attempts are made in the background.
    certificate, key : Path, optional
        For https.
    url : str, optional
        The desk's address as browsers know it, where that is not `host` and `port`.
    behind_proxy : bool
        Whether a proxy stands before it that speaks https with browsers.
    name : str
        What the link's user is called.
    """

    out: Path
    host: str = "127.0.0.1"
    port: int = 8571
    input: Path | None = None
    subject_key: Path | None = None
    series_map: Path | None = None
    originals: bool = True
    go_on: bool = False
    certificate: Path | None = None
    key: Path | None = None
    url: str | None = None
    behind_proxy: bool = False
    name: str = LINK_USER

    @property
    def secure(self) -> bool:
        """Whether browsers reach it by https."""
        return self.certificate is not None or self.behind_proxy

    @property
    def address(self) -> str:
        """Where it listens, as a browser has it in its header Host."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def seen_as(self) -> str:
        """Its address as people type it."""
        return (self.url or f"{'https' if self.secure else 'http'}://{self.address}").rstrip("/")

    @property
    def hosts(self) -> set[str]:
        """Values of the header Host that are answered."""
        loopback = ("127.0.0.1", "localhost", "[::1]") if is_loopback(self.host) else ()
        return {self.address, self.seen_as.partition("://")[2], *(f"{n}:{self.port}" for n in loopback)}


def check_options(options: Options) -> None:
    """Refuse what would be unsafe or cannot work.

    Raises
    ------
    SettingsError
        If passwords would travel in the clear, or --continue has no input to work on.
    """
    if (options.certificate is None) != (options.key is None):
        raise SettingsError("--certificate and --key belong together; give both or none.")
    if options.go_on and options.input is None:
        raise SettingsError("--continue: give the input of the run too, with --input; OUT does not hold it.")
    if not is_loopback(options.host) and not options.secure:
        raise SettingsError(
            "--host: others would reach the desk without encryption; give --certificate and --key,"
            " or say with --behind-proxy that a proxy speaks https with browsers, or serve 127.0.0.1 and let"
            " people come by an SSH tunnel."
        )
    _check_url(options)
    _check_certificate(options)


def _check_url(options: Options) -> None:
    if options.url is None:
        if options.behind_proxy:
            raise SettingsError("--behind-proxy: give the address that people type, with --url https://NAME.")
        return
    scheme = "https" if options.secure else "http"
    parts = urlsplit(options.url)
    more = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme != scheme or not parts.hostname or more:
        raise SettingsError(f"--url: expected {scheme}://NAME or {scheme}://NAME:PORT.")


def _check_certificate(options: Options) -> None:
    if options.certificate is not None and options.key is not None:
        try:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(options.certificate, options.key, password=_no_password)
        except (OSError, ValueError) as error:  # an SSLError is an OSError
            raise SettingsError(
                "--certificate and --key: expected a certificate and its key without a password, as PEM files"
                " that can be read."
            ) from error


def _no_password() -> str:
    raise ValueError("the key has a password")


def run_command(options: Options) -> list[str]:
    """Return the words after ``defacto`` that go on with the run."""
    command = ["run", str(options.input), str(options.out), "participant", "--skip-bids-validation"]
    for option, path in (("--subject-key", options.subject_key), ("--series-map", options.series_map)):
        command += [option, str(path)] if path is not None else []
    return command


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
