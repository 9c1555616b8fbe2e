"""Start the desk."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable

import uvicorn

from defacto.errors import SettingsError
from defacto.pipeline.desk import Desk
from defacto.pipeline.folder import private_files
from defacto.pipeline.run_settings import saved_settings
from defacto.pipeline.sources import Selection
from defacto.pipeline.store import Store
from defacto.review.accounts import Accounts, Role
from defacto.review.app import create_app
from defacto.review.options import Options, check_options, run_command
from defacto.review.originals import Originals
from defacto.review.rounds import Rounds
from defacto.review.site import Site


def open_site(options: Options) -> Site:
    """Open the store of a run for the desk."""
    store = Store.open(options.out, run="review", pooled=True)
    settings = saved_settings(options.out)
    store.adopt(settings, tell_made)
    originals = None
    if options.input is not None:
        if not options.input.exists():
            raise SettingsError("--input: there is no such folder.")
        selection = Selection(key_file=options.subject_key, series_map=options.series_map)
        originals = Originals(
            options.input, options.out, settings, shown=options.originals, selection=selection
        )
    accounts = Accounts(store.engine)
    return Site(options.out, Desk(store), accounts, settings, originals, options.secure)


def tell_made(done: int, total: int) -> None:
    """Say how far the table of where scans stand has come, on a terminal."""
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        print(f"\rWhere scans stand: {done:,} of {total:,} looked at.", end=end, file=sys.stderr, flush=True)


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
        app = create_app(site, options.hosts)
        config = uvicorn.Config(
            app,
            host=options.host,
            port=options.port,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=options.behind_proxy,
            ssl_certfile=options.certificate,
            ssl_keyfile=options.key,
            timeout_keep_alive=30,
            limit_concurrency=400,
        )
        if site.originals is not None:
            site.originals.look_ahead()
        rounds = Rounds(site, run_command(options)) if options.go_on else None
        if rounds is not None:
            rounds.start()
        try:
            _Server(config, lambda: _tell(site, options.name, options.seen_as)).run()
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
