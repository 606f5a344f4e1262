"""The key and the certificates by which the operator seals documents (PAdES), from the settings.

The private key stands in the settings alone; the table has the certificates that the market has sealed with. Where the settings
name no key, as in development and tests, a certificate authority of this machine issues one for ten years.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from django.conf import settings

from .errors import SealMisconfigured

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
LOCAL_YEARS = 10


@dataclass(frozen=True, slots=True)
class Sealer:
    """What seals: the ``key``, its ``certificate``, and the certificates of those that issued it, up to the root."""

    key: PrivateKey
    certificate: x509.Certificate
    issuers: tuple[x509.Certificate, ...]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate (DER), in hexadecimal."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def root(self) -> x509.Certificate:
        """The last of the chain, on which trust rests."""
        return (self.certificate, *self.issuers)[-1]


def sealer() -> Sealer:
    """The key and certificates of the settings, else those of this machine's own authority.

    Raises SealMisconfigured where they cannot be read, do not belong together, or the certificate is not in force.
    """
    found = read_settings(
        settings.DOCUMENT_SIGNING_KEY.strip(), settings.DOCUMENT_SIGNING_CERTIFICATES.strip()
    )
    now = datetime.now(UTC)
    if not found.certificate.not_valid_before_utc <= now <= found.certificate.not_valid_after_utc:
        raise SealMisconfigured(
            setting="DOCUMENT_SIGNING_CERTIFICATES",
            reason=f"the certificate is valid from {found.certificate.not_valid_before_utc:%Y-%m-%d}"
            f" to {found.certificate.not_valid_after_utc:%Y-%m-%d}",
        )
    return found


@cache
def read_settings(key: str, certificates: str) -> Sealer:
    """What the values of the two settings hold or name; read once a process."""
    if not key and not certificates:
        content = _local_file(Path(settings.DOCUMENT_SIGNING_FILE)).read_bytes()
        return sealer_of(content, content)
    return sealer_of(_pem("DOCUMENT_SIGNING_KEY", key), _pem("DOCUMENT_SIGNING_CERTIFICATES", certificates))


def _pem(setting: str, stated: str) -> bytes:
    """The PEM that a setting holds, or that is in the file that it names."""
    if "-----BEGIN" in stated:
        # Files of environments have one line a value.
        return stated.replace("\\n", "\n").encode()
    try:
        return Path(stated).read_bytes()
    except OSError as error:
        raise SealMisconfigured(setting=setting, reason=str(error)) from error


def sealer_of(key_pem: bytes, certificates_pem: bytes) -> Sealer:
    """The key and its certificates, read from PEM; raises SealMisconfigured."""
    try:
        key = load_pem_private_key(key_pem, password=None)
    except (ValueError, TypeError) as error:
        raise SealMisconfigured(setting="DOCUMENT_SIGNING_KEY", reason=str(error)) from error
    if not isinstance(key, PrivateKey):
        raise SealMisconfigured(
            setting="DOCUMENT_SIGNING_KEY", reason="it is neither an elliptic curve key nor an RSA key"
        )
    try:
        first, *issuers = x509.load_pem_x509_certificates(certificates_pem)
    except ValueError as error:
        raise SealMisconfigured(setting="DOCUMENT_SIGNING_CERTIFICATES", reason=str(error)) from error
    if _public(first.public_key()) != _public(key.public_key()):
        raise SealMisconfigured(
            setting="DOCUMENT_SIGNING_CERTIFICATES", reason="the first certificate is not that of the key"
        )
    chain = (first, *issuers)
    for below, above in itertools.pairwise(chain):
        try:
            below.verify_directly_issued_by(above)
        except (InvalidSignature, ValueError, TypeError) as error:
            raise SealMisconfigured(
                setting="DOCUMENT_SIGNING_CERTIFICATES",
                reason=f"{above.subject.rfc4514_string()} did not issue the certificate before it",
            ) from error
    return Sealer(key, first, tuple(issuers))


def _public(key: object) -> bytes:
    content: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    return content


def _local_file(path: Path) -> Path:
    """The file of this machine's own key and certificates; processes that start at the same time all read the same one."""
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_bytes(make_local_chain())
    try:
        os.link(draft, path)
    except FileExistsError:
        return path
    finally:
        draft.unlink()
    return path


def make_local_chain(*, subject: str = "Sanpo documents (local)", days: int = 365 * LOCAL_YEARS) -> bytes:
    """PEM of a new key, its certificate, and the certificate of the authority of its own that issued it."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = _name(f"{subject}: authority")
    root = _certificate(root_name, root_key, root_name, root_key, days=days, is_authority=True)
    certificate = _certificate(_name(subject), key, root_name, root_key, days=days, is_authority=False)
    return b"".join(
        [
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            certificate.public_bytes(Encoding.PEM),
            root.public_bytes(Encoding.PEM),
        ]
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _certificate(
    name: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    days: int,
    is_authority: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=not is_authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    return builder.sign(issuer_key, hashes.SHA256())
