"""The true address of a client, behind the proxies that the operator trusts."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

HEADER = "X-Forwarded-For"
UNKNOWN = "unknown"
IPV6_PREFIX = 64
"""One client has a whole network of this size, and as many addresses as it wants."""


def client_address(request: HttpRequest) -> str:
    """The address of the client as text, ``unknown`` for one without an address (a Unix socket).

    Each of the ``TRUSTED_PROXY_COUNT`` proxies appends the address that connected to it to ``X-Forwarded-For``, so the
    client is that many from the right; what stands left of it anybody may have written. A request that did not come
    through all of them has the address of its connection.
    """
    connected = _normal(request.META.get("REMOTE_ADDR", "")) or UNKNOWN
    proxies = settings.TRUSTED_PROXY_COUNT
    forwarded = request.headers.get(HEADER, "").split(",") if proxies else []
    if len(forwarded) < proxies or not proxies:
        return connected
    return _normal(forwarded[-proxies]) or connected


def counted_address(request: HttpRequest) -> str:
    """What stands for the client where requests are counted: its address, of IPv6 the network of 64 bits."""
    address = client_address(request)
    if ":" not in address:
        return address
    return str(ip_network((address, IPV6_PREFIX), strict=False))


def _normal(text: str) -> str:
    """The address without port, brackets and zone; an empty text for what is none."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(address)
