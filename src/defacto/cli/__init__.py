"""The command line, one file per command."""


def main() -> int:
    """Run the command line."""
    return 0
