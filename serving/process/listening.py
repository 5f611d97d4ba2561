"""The one socket that all workers accept connections from."""

from __future__ import annotations

import errno
import socket
import ssl
from ipaddress import ip_address
from pathlib import Path

from podium.errors import PodiumError, UsageError


def bind(host: str, port: int) -> socket.socket:
    """A socket bound to `host` and `port`, which does not listen yet: callers are refused until a
    worker is ready. Port 0 takes any free one.

    Raises UsageError for a host that is none of this machine's, PodiumError for a taken port.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise UsageError(
            f"--host {host!r} is no address: {error.strerror}.",
            remedy="127.0.0.1 is this machine alone, 0.0.0.0 all of its networks.",
        ) from error
    made = socket.socket(family, kind, protocol)
    if port:  # else the system might give the same to two that do not listen yet
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind(address)
    except OSError as error:
        made.close()
        raise _not_bound(error, host, port) from error
    return made


def is_loopback(bound: socket.socket) -> bool:
    """Whether this machine alone can reach it."""
    host = str(bound.getsockname()[0]).partition("%")[0]
    return ip_address(host).is_loopback


def url_of(bound: socket.socket, *, tls: bool) -> str:
    """Where callers find it."""
    host, port = bound.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"http{'s' if tls else ''}://{shown}:{port}"


def port_taken(host: str, port: int) -> PodiumError:
    """Another server listens there."""
    return PodiumError(
        f"Port {port} of {host} is taken.",
        remedy="Choose another --port, or 0 for any free one; `ss -ltnp` shows who has it.",
    )


def check_certificate(cert: str, key: str | None) -> None:
    """Raises UsageError where workers could not use these files for TLS."""
    for file in filter(None, (cert, key)):
        if not Path(file).is_file():
            raise UsageError(f"{file} is no file.", remedy="Check --tls-cert and --tls-key.")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password="")
    except (ssl.SSLError, OSError) as error:
        files = cert if key is None else f"{cert} and {key}"
        if key is None and b"PRIVATE KEY" not in Path(cert).read_bytes():
            raise UsageError(
                f"{cert} cannot be used for TLS: it holds no private key.",
                remedy="Give its key too: --tls-key FILE.",
            ) from error
        raise UsageError(
            f"{files} cannot be used for TLS: {error}.",
            remedy="Both are PEM files, the certificate first, then those that vouch for it; the "
            "key bears no password.",
        ) from error


def _not_bound(error: OSError, host: str, port: int) -> PodiumError:
    if error.errno == errno.EADDRINUSE:
        return port_taken(host, port)
    if error.errno == errno.EACCES:
        return PodiumError(f"Port {port} is for the system.", remedy="Choose one above 1023.")
    return UsageError(
        f"--host {host!r} is no address of this machine: {error.strerror}.",
        remedy="127.0.0.1 is this machine alone, 0.0.0.0 all of its networks.",
    )
