"""Which addresses lie in the open internet."""

from __future__ import annotations

import ipaddress

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(text: str) -> bool:
    """Whether the IP address in `text` is a public one: not private, loopback, link-local,
    multicast, reserved or unspecified.

    An IPv6 address that stands for an IPv4 one (mapped, NAT64, 6to4, Teredo) is judged by that.
    What is no address is not public.
    """
    try:
        address: _Address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return all(_is_public(one) for one in _meant(address))


def _is_public(address: _Address) -> bool:
    is_special = address.is_multicast or address.is_reserved or address.is_link_local
    return address.is_global and not is_special


def _meant(address: _Address) -> list[_Address]:
    """The addresses that packets to `address` reach, or may reach."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address in _NAT64:
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    if address.sixtofour is not None:
        return [address.sixtofour]
    if address.teredo is not None:
        return list(address.teredo)
    return [address]
