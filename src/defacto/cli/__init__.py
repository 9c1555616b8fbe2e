"""The command line, one file per command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from defacto import __version__
from defacto.cli import (
    audit,
    calibrate,
    check,
    compare,
    deface,
    demo,
    dicom,
    evaluate,
    export,
    label,
    redeface,
    review,
    run,
    segment,
    simulate,
    status,
    train,
)
from defacto.errors import DefactoError, InputError, NotClearedError, SettingsError

EXIT_CODES = """\
exit codes:
  0  every scan that was asked for is cleared, every value decided
  1  an error in the tool, or the tool stopped on a scan
  2  wrong usage: an option, a setting, an input or a place that cannot be used
  3  some scans or values wait for a person, or failed; or something was asked for that is not cleared
"""
STORE_VARIABLE = "DEFACTO_STORE"
_COMMANDS = (
    run,
    deface,
    check,
    audit,
    status,
    label,
    review,
    redeface,
    export,
    dicom,
    demo,
    segment,
    simulate,
    train,
    evaluate,
    calibrate,
    compare,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        The exit code; see `EXIT_CODES`.
    """
    options = make_parser().parse_args(arguments)
    if getattr(options, "store", None):
        os.environ[STORE_VARIABLE] = options.store
    try:
        return int(options.command(options))
    except DefactoError as error:
        return _fail(str(error), _code_of(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return _fail("Stopped. The same command goes on where it was.", 130)
    except Exception as error:
        if os.environ.get("DEFACTO_DEBUG"):
            raise
        from defacto.pipeline.job import describe  # noqa: PLC0415  (slow to import)

        hint = "Set DEFACTO_DEBUG=1 to see where (the trace may show paths)."
        return _fail(f"The tool itself failed: {describe(error)}. {hint}", 1)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="defacto",
        description="Head MRI in; out only scans that are shown to be de-identified.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"defacto {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add_parser(commands)
    return parser


def _code_of(error: DefactoError) -> int:
    if isinstance(error, NotClearedError):
        return 3
    return 2 if isinstance(error, InputError | SettingsError) else 1


def _fail(sentence: str, code: int) -> int:
    print(f"defacto: {sentence}", file=sys.stderr)
    return code
