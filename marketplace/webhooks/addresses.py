"""Which addresses the market may send to: public ones only (server-side request forgery, CWE-918)."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

PORTS = frozenset({443, 8443})
NUMBER = re.compile("[0-9]+|0x[0-9a-f]*")

_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
# Python's own judgement of these changed between versions, or they carry another address inside.
_REFUSED = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # IETF protocol assignments
        "192.88.99.0/24",  # 6to4 relays
        "2001::/23",  # IETF protocol assignments, Teredo among them
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)


def is_global(address: str) -> bool:
    """Whether an IP address is a public unicast one, as IANA's registries of special addresses say.

    Refused besides private, loopback, link-local (metadata services) and shared addresses: multicast, IPv4 addresses
    mapped or translated into IPv6 (``::ffff:0:0/96``, NAT64, 6to4, Teredo), and whatever is outside ``2000::/3``.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if not parsed.is_global or parsed.is_multicast or parsed.is_reserved:
        return False
    if any(parsed in network for network in _REFUSED if network.version == parsed.version):
        return False
    return parsed.version == 4 or parsed in _GLOBAL_UNICAST


def check_url(url: str, *, local: bool) -> None:
    """Raise FieldInvalid unless ``url`` is one that the market may send to, as far as its text shows.

    It must use https on a permitted port, without credentials or fragment, and a literal address must be global.
    ``local`` permits http, any port and local addresses.
    """
    reason = _fault_of(url, local=local)
    if reason is not None:
        raise FieldInvalid("url", reason)


def _fault_of(url: str, *, local: bool) -> Label | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return Label("specify a valid URL", "正しいURLを指定してください")
    if not parts.hostname or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return Label(
            "specify a valid URL in ASCII, with a host", "ホスト名を含む正しいURL（ASCII）を指定してください"
        )
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        return Label("use https", "httpsのURLを指定してください")
    if parts.username is not None or parts.password is not None or parts.fragment:
        return Label(
            "leave out user name, password and fragment",
            "ユーザー名、パスワード、フラグメントは含めないでください",
        )
    if not local and (443 if port is None else port) not in PORTS:
        return Label("use port 443 or 8443", "ポートは443または8443を使用してください")
    if not local and _is_address(parts.hostname) and not is_global(parts.hostname):
        return Label(
            "use a host that is reachable from the public internet",
            "インターネットから接続できるホストを指定してください",
        )
    return None


def _is_address(host: str) -> bool:
    """Whether a resolver takes the host for an IP address: for one of version 4, if it ends in a number (WHATWG URL, 3.5).

    So also ``127.1``, ``2130706433``, ``0x7f.1`` and ``127.0.0.1.``; there only four decimal numbers are accepted.
    """
    return ":" in host or NUMBER.fullmatch(host.removesuffix(".").rpartition(".")[2]) is not None


def host_header(parts: SplitResult) -> str:
    """The value of ``Host`` for a URL: as written, without credentials."""
    return parts.netloc.rpartition("@")[2]
