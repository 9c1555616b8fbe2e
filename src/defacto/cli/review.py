"""``defacto review``: the desk in the browser where people verify and decide."""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

from defacto.cli.common import Commands, add_out, new_command

_NEEDED = ("fastapi", "uvicorn", "argon2")
_DETAILS = """\
Serves pages to this machine alone (127.0.0.1), until it is stopped with Ctrl-C. Who has an account signs in;
as long as nobody has one, a link that works once is printed. Answers are kept the moment they are given.

Roles: a viewer sees what passed; a reviewer verifies and decides, without names of scans; a lead settles
where reviewers do not agree, sees names and, with --input, originals, and asks for further attempts.

With --add-user, --remove-user, --double, --blind, --order or --site-characters it changes that and ends; a
running desk takes people on at once, and settings when it is started again."""


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(commands, "review", "Review scans in the browser.", _DETAILS)
    add_out(parser)
    _add_serving(parser.add_argument_group("the desk"))
    _add_people(parser.add_argument_group("people"))
    parser.set_defaults(command=command)


def _add_serving(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="where to listen (default: 127.0.0.1)"
    )
    group.add_argument("--port", type=int, default=8571, metavar="N", help="where to listen (default: 8571)")
    group.add_argument("--certificate", type=Path, metavar="PEM", help="for https; needed for other machines")
    group.add_argument("--key", type=Path, metavar="PEM", help="key of the certificate")
    group.add_argument("--url", metavar="URL", help="address as people type it (default: host and port)")
    group.add_argument(
        "--behind-proxy", action="store_true", help="a proxy before the desk speaks https with browsers"
    )
    group.add_argument(
        "--as", dest="name", default="lead", metavar="NAME", help="who comes in by the link (default: lead)"
    )
    group.add_argument(
        "--input", type=Path, metavar="INPUT", help="input of the run: leads compare with it, and cut anew"
    )
    group.add_argument(
        "--subject-key", type=Path, metavar="FILE", help="as for the run, where INPUT is DICOM"
    )
    group.add_argument("--series-map", type=Path, metavar="TOML", help="as the run had it, for DICOM")
    group.add_argument(
        "--originals", choices=("lead", "never"), default="lead", help="who sees pictures of the input"
    )
    group.add_argument(
        "--continue", dest="go_on", action="store_true", help="make the next attempts in the background"
    )


def _add_people(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--add-user", metavar="NAME", help="make an account, or give it a new password")
    group.add_argument("--role", choices=("viewer", "reviewer", "lead"), help="what the account may do")
    group.add_argument("--site", metavar="SITE", help="the account gets scans of this site only")
    group.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    group.add_argument("--remove-user", metavar="NAME", help="close an account")
    group.add_argument(
        "--double", type=float, metavar="SHARE", help="share of the scans that two people read"
    )
    group.add_argument(
        "--blind", choices=("yes", "no"), help="whether the machine's opinion is shown after the answer only"
    )
    group.add_argument(
        "--order",
        choices=("doubt", "random"),
        help="people get the most doubtful first, or scans at random: then what was read is a fair sample",
    )
    group.add_argument(
        "--site-characters", type=int, metavar="N", help="so many first characters of a subject name its site"
    )


def command(options: argparse.Namespace) -> int:
    """Run it."""
    from defacto.errors import SettingsError  # noqa: PLC0415  (slow to import)

    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise SettingsError('The desk needs more packages: pip install "defacto[review]" adds them.')
    changed = _change_people(options)
    if _change_settings(options) or changed:
        return 0
    from defacto.review.options import Options  # noqa: PLC0415
    from defacto.review.serve import serve  # noqa: PLC0415

    return serve(
        Options(
            out=options.out,
            host=options.host,
            port=options.port,
            input=options.input,
            subject_key=options.subject_key,
            series_map=options.series_map,
            originals=options.originals == "lead",
            go_on=options.go_on,
            certificate=options.certificate,
            key=options.key,
            url=options.url,
            behind_proxy=options.behind_proxy,
            name=options.name,
        )
    )


def _change_people(options: argparse.Namespace) -> bool:
    if options.add_user is None and options.remove_user is None:
        return False
    from defacto.errors import SettingsError  # noqa: PLC0415
    from defacto.pipeline.store import Store  # noqa: PLC0415
    from defacto.review.accounts import Accounts, Role  # noqa: PLC0415

    if options.add_user is not None and options.role is None:
        raise SettingsError("--add-user: say with --role what the account may do: viewer, reviewer or lead.")
    accounts = Accounts(Store.open(options.out).engine)
    if options.remove_user is not None:
        accounts.remove(options.remove_user)
        print(f"{options.remove_user} cannot sign in any more; what they decided stays.")
    if options.add_user is not None:
        password = _password(stdin=options.password_stdin)
        accounts.add(options.add_user, Role(options.role), password, options.site)
        print(f"{options.add_user} may sign in as {options.role}.")
    return True


def _password(*, stdin: bool) -> str:
    from getpass import getpass  # noqa: PLC0415

    from defacto.errors import SettingsError  # noqa: PLC0415

    if stdin:
        return sys.stdin.readline().rstrip("\n")
    if not sys.stdin.isatty():
        raise SettingsError(
            "--add-user: there is no terminal to ask at; give the password with --password-stdin."
        )
    first = getpass("Password (at least 10 characters): ")
    if getpass("Again: ") != first:
        raise SettingsError("The passwords are not the same; nothing was changed.")
    return first


def _change_settings(options: argparse.Namespace) -> bool:
    changes: dict[str, object] = {}
    if options.double is not None:
        changes["review.double_share"] = options.double
    if options.blind is not None:
        changes["review.blind"] = options.blind == "yes"
    if options.order is not None:
        changes["review.order"] = options.order
    if options.site_characters is not None:
        changes["review.site_characters"] = options.site_characters
    if not changes:
        return False
    from defacto.pipeline.folder import OutFolder  # noqa: PLC0415  (slow to import)
    from defacto.pipeline.run_settings import choose_settings, settled  # noqa: PLC0415
    from defacto.pipeline.store import Store  # noqa: PLC0415
    from defacto.review.serve import tell_made  # noqa: PLC0415

    store = Store.open(options.out, run="review")
    settings = choose_settings(options.out, None, changes)
    with settled(OutFolder(options.out.absolute()), settings, begun=store.has_attempts()) as changed:
        store.adopt(settings, tell_made)
        store.add_events([("settings", sentence, None, None) for sentence in changed])
    print("\n".join(changed) or "Nothing changed.")
    return True
