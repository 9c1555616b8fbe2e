"""Start the desk."""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from defacto.errors import SettingsError
from defacto.pipeline.desk import Desk
from defacto.pipeline.folder import private_files
from defacto.pipeline.run_settings import saved_settings
from defacto.pipeline.store import Store
from defacto.review.accounts import Accounts, Role
from defacto.review.app import create_app
from defacto.review.originals import Originals
from defacto.review.rounds import Rounds
from defacto.review.site import Site

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
    originals : bool
        Whether leads may see pictures of originals, where the input is given.
    go_on : bool
        Whether the next attempts are made in the background.
    certificate, key : Path, optional
        For https.
    name : str
        What the link's user is called.
    """

    out: Path
    host: str = "127.0.0.1"
    port: int = 8571
    input: Path | None = None
    originals: bool = True
    go_on: bool = False
    certificate: Path | None = None
    key: Path | None = None
    name: str = LINK_USER


def open_site(options: Options) -> Site:
    """Open the store of a run for the desk."""
    store = Store.open(options.out, run="review", pooled=True)
    settings = saved_settings(options.out)
    store.adopt(settings)
    originals = None
    if options.input is not None:
        if not options.input.exists():
            raise SettingsError("--input: there is no such folder.")
        originals = Originals(options.input, options.out, settings, shown=options.originals)
    accounts = Accounts(store.engine)
    secure = options.certificate is not None
    return Site(options.out, Desk(store), accounts, settings, originals, secure)


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
    if not is_loopback(options.host) and options.certificate is None:
        raise SettingsError(
            "--host: others would reach the desk without encryption; give --certificate and --key,"
            " or serve 127.0.0.1 and let people come by an SSH tunnel."
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Server(uvicorn.Server):
    """A server that says where it is as soon as it is there."""

    def __init__(self, config: uvicorn.Config, tell: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell = tell

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then tell."""
        await super().startup(sockets=sockets)
        if self.started:
            self._tell()


def serve(options: Options) -> int:
    """Serve the desk until it is stopped."""
    check_options(options)
    with private_files():
        site = open_site(options)
        address = f"{_bracketed(options.host)}:{options.port}"
        names = {"127.0.0.1", "localhost", "[::1]"} if is_loopback(options.host) else set()
        app = create_app(site, {address, *(f"{name}:{options.port}" for name in names)})
        config = uvicorn.Config(
            app,
            host=options.host,
            port=options.port,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ssl_certfile=options.certificate,
            ssl_keyfile=options.key,
            timeout_keep_alive=30,
            limit_concurrency=400,
        )
        url = f"{'https' if site.secure else 'http'}://{address}"
        rounds = Rounds(site, options.input) if options.go_on and options.input else None
        if rounds is not None:
            rounds.start()
        try:
            _Server(config, lambda: _tell(site, options.name, url)).run()
        except KeyboardInterrupt:
            print("The desk is closed.", file=sys.stderr)
        except SystemExit as error:
            raise SettingsError(f"--port: {options.port} cannot be used; is another desk running?") from error
        finally:
            if rounds is not None:
                rounds.stop()
    return 0


def _tell(site: Site, name: str, url: str) -> None:
    print(f"The review desk: {url}/", flush=True)
    if any(account.has_password for account in site.accounts.all()):
        return
    if site.accounts.find(name) is None:
        site.accounts.add(name, Role.LEAD)
    print("Nobody else has an account. This link signs in once, as lead, within 15 minutes:", flush=True)
    print(f"  {url}/enter/{site.make_link(name)}", flush=True)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
