"""`podium keys`: who may ask a scoring server."""

from __future__ import annotations

from pathlib import Path

import click

from podium.command import Result
from podium.command import command as podium_command
from podium.errors import UsageError


@podium_command(
    "keys",
    examples="""
    podium keys keys.txt --add billing
    podium keys keys.txt
    podium keys keys.txt --revoke billing
    podium serve flight_delay --api-keys keys.txt
    """,
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--add", metavar="NAME", help="Make a key for NAME and show it, this once.")
@click.option("--revoke", metavar="NAME", help="Remove the key of NAME.")
def command(file: Path, add: str | None, revoke: str | None) -> Result:
    """List, make or revoke the API keys in FILE, which `podium serve --api-keys FILE` asks for.

    The file holds a name and the SHA-256 of a key a line; the keys themselves are kept nowhere.
    Servers notice a change within a second or two. Callers send `Authorization: Bearer KEY`.
    """
    from serving.app.keys import add_key, read_keys, revoke_key

    if add is not None and revoke is not None:
        raise UsageError("--add and --revoke at once.", remedy="Give one of them.")
    if add is not None:
        key = add_key(file, add)
        text = f"{key}\n\nThis is the key of {add}; it is shown this once. Its hash is in {file}."
        return Result(text, {"name": add, "key": key, "file": str(file)})
    if revoke is not None:
        revoke_key(file, revoke)
        return Result(f"{revoke} has no key any more.", {"revoked": revoke, "file": str(file)})
    names = list(read_keys(file))
    text = "\n".join(names) or f"{file} has no keys: nobody is let in."
    return Result(text, {"names": names, "file": str(file)})
