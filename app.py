"""The `dateline` command."""


def main() -> None:
    """Run the command line."""
