"""Public keys with which organisations sign (JWK, RFC 7517) and detached JWS made with them (RFC 7515, appendix F). Pure.

Public to other applications: ``public_key_of`` reads what somebody states, ``detached_faults`` verifies a signature.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

CURVES = {"Ed25519": ("OKP", ("x",)), "P-256": ("EC", ("x", "y"))}
"""Curves of keys: the type of the key, and its coordinates."""
ALGORITHMS = {"Ed25519": ("Ed25519", "EdDSA"), "P-256": ("ES256",)}
"""The names by which the header of a signature may call the algorithm of a curve (RFC 9864, RFC 8037, RFC 7518)."""
HEADER_NAMES = frozenset({"alg", "kid", "typ"})
"""What a header may state; anything else could change what is verified, or bring a key of its own."""
SIGNATURE_LENGTH_MAX = 2_000
KID_LENGTH = 43
PRIVATE_NAMES = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_SMALL_ORDER = frozenset(
    bytes.fromhex(point)
    for point in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
)
"""Points of Ed25519 under which anybody can make a signature, without the sign of x."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: its ``kid`` is the thumbprint of ``jwk`` (RFC 7638), which has the required members and no other."""

    kid: str
    curve: str
    jwk: dict[str, str]


def public_key_of(stated: Mapping[str, Any], field: str = "jwk") -> PublicKey:
    """The public key that somebody states as a JWK; raises FieldInvalid unless it is one of ``CURVES`` and public."""
    if PRIVATE_NAMES & stated.keys():
        raise FieldInvalid(
            field,
            Label(
                "send the public key only; the private key that you sent is known to others now, so make another one",
                "公開鍵のみを送信してください。送信された秘密鍵は漏えいしたものとして、鍵を作り直してください",
            ),
        )
    curve = stated.get("crv")
    kind, coordinates = CURVES.get(curve, ("", ())) if isinstance(curve, str) else ("", ())
    values = {name: stated.get(name) for name in coordinates}
    if stated.get("kty") != kind or not all(_is_coordinate(value) for value in values.values()):
        raise _unknown_key(field)
    jwk = {"crv": str(curve), "kty": kind, **{name: str(value) for name, value in values.items()}}
    try:
        kid = str(_imported(jwk).thumbprint())
    except (JoseError, ValueError) as error:
        raise _unknown_key(field) from error
    if kind == "OKP" and _without_sign(_decoded(jwk["x"])) in _SMALL_ORDER:
        raise _unknown_key(field)
    return PublicKey(kid=kid, curve=str(curve), jwk=jwk)


def detached_faults(signature: str, content: bytes, jwk: Mapping[str, Any]) -> list[str]:
    """The errors of a detached compact JWS over ``content`` with the key ``jwk``; empty if it verifies."""
    parts = signature.split(".")
    if len(signature) > SIGNATURE_LENGTH_MAX or len(parts) != 3 or parts[1]:
        return ["it is not a detached compact JWS: header, two points, signature"]
    key = _imported(jwk)
    header = _header_of(parts[0])
    algorithms = ALGORITHMS[str(jwk["crv"])]
    if header is None or not header.keys() <= HEADER_NAMES or header.get("alg") not in algorithms:
        return [f"its header is not alg ({' or '.join(algorithms)}) and kid alone"]
    if header.get("kid") != key.thumbprint():
        return ["its kid is not the thumbprint of the key"]
    payload = base64.urlsafe_b64encode(content).rstrip(b"=").decode()
    registry = jws.JWSRegistry(algorithms=[str(header["alg"])])
    try:
        jws.deserialize_compact(f"{parts[0]}.{payload}.{parts[2]}", key, registry=registry)
    except (JoseError, ValueError):
        return ["it does not verify under the key"]
    return []


def kid_of(signature: str) -> str:
    """The key that a signature says it is made with; empty if it says nothing."""
    header = _header_of(signature[:SIGNATURE_LENGTH_MAX].split(".", maxsplit=1)[0]) or {}
    kid = header.get("kid")
    return kid if isinstance(kid, str) else ""


def _imported(jwk: Mapping[str, Any]) -> OKPKey | ECKey:
    kind: type[OKPKey | ECKey] = OKPKey if jwk["kty"] == "OKP" else ECKey
    return kind.import_key(dict(jwk))


def _header_of(encoded: str) -> dict[str, Any] | None:
    try:
        header = json.loads(_decoded(encoded))
    except (ValueError, RecursionError):
        return None
    return header if isinstance(header, dict) else None


def _is_coordinate(value: Any) -> bool:
    """Whether it is 32 bytes in base64url, in the one way to write them."""
    if not isinstance(value, str) or len(value) != 43:
        return False
    try:
        decoded = _decoded(value)
    except ValueError:
        return False
    return base64.urlsafe_b64encode(decoded).rstrip(b"=").decode() == value


def _decoded(value: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(value.encode("ascii") + b"=" * (-len(value) % 4))
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64url") from error


def _without_sign(point: bytes) -> bytes:
    return point[:-1] + bytes([point[-1] & 0x7F])


def _unknown_key(field: str) -> FieldInvalid:
    return FieldInvalid(
        field,
        Label(
            "specify a public key as JWK: kty OKP with crv Ed25519, or kty EC with crv P-256",
            "公開鍵をJWK形式（kty: OKP・crv: Ed25519、または kty: EC・crv: P-256）で指定してください",
        ),
    )
