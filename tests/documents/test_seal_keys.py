"""The key and certificates of the operator's seal come from the settings, and what cannot be used says why."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from marketplace.documents.errors import SealMisconfigured
from marketplace.documents.seal_keys import make_local_chain, read_settings, sealer, sealer_of

MARK = b"-----BEGIN CERTIFICATE-----"


def parts(chain: bytes) -> tuple[str, str, str]:
    """Key, certificate and root of a chain, as PEM."""
    key, certificate, root = chain.split(MARK)
    return key.decode(), (MARK + certificate).decode(), (MARK + root).decode()


def test_without_settings_this_machine_issues_a_certificate_once(tmp_path: Path, settings: Any) -> None:
    settings.DOCUMENT_SIGNING_FILE = tmp_path / "keys" / "documents.pem"
    settings.DOCUMENT_SIGNING_KEY, settings.DOCUMENT_SIGNING_CERTIFICATES = " ", ""
    read_settings.cache_clear()
    first = sealer()
    read_settings.cache_clear()
    assert sealer().fingerprint == first.fingerprint
    assert stat.S_IMODE((tmp_path / "keys" / "documents.pem").stat().st_mode) == 0o600
    assert [each.name for each in (tmp_path / "keys").iterdir()] == ["documents.pem"]
    assert first.root.subject == first.certificate.issuer
    read_settings.cache_clear()


def test_settings_hold_pem_on_one_line_or_name_a_file(tmp_path: Path, settings: Any) -> None:
    key, certificate, root = parts(make_local_chain(subject="Kept by the operator"))
    (tmp_path / "certificates.pem").write_text(certificate + root)
    settings.DOCUMENT_SIGNING_KEY = key.replace("\n", "\\n")
    settings.DOCUMENT_SIGNING_CERTIFICATES = str(tmp_path / "certificates.pem")
    found = sealer()
    assert found.certificate.subject.rfc4514_string() == "CN=Kept by the operator"
    assert len(found.issuers) == 1


def test_what_cannot_be_used_is_named_by_its_setting(tmp_path: Path, settings: Any) -> None:
    key, certificate, root = parts(make_local_chain())
    other_key, other, other_root = parts(make_local_chain())
    for wrong_key, certificates, setting, reason in (
        (other_key, certificate + root, "DOCUMENT_SIGNING_CERTIFICATES", "not that of the key"),
        (key, other + other_root, "DOCUMENT_SIGNING_CERTIFICATES", "not that of the key"),
        (key, certificate + other_root, "DOCUMENT_SIGNING_CERTIFICATES", "did not issue"),
        ("-----BEGIN x", certificate, "DOCUMENT_SIGNING_KEY", ""),
        (key, "-----BEGIN x", "DOCUMENT_SIGNING_CERTIFICATES", ""),
        (key, str(tmp_path / "nowhere.pem"), "DOCUMENT_SIGNING_CERTIFICATES", "No such file"),
    ):
        settings.DOCUMENT_SIGNING_KEY, settings.DOCUMENT_SIGNING_CERTIFICATES = wrong_key, certificates
        with pytest.raises(SealMisconfigured, match=reason) as refusal:
            sealer()
        assert refusal.value.fields["setting"] == setting


def test_a_certificate_that_has_ended_seals_nothing(settings: Any) -> None:
    key, certificate, root = parts(make_local_chain(days=0))
    settings.DOCUMENT_SIGNING_KEY, settings.DOCUMENT_SIGNING_CERTIFICATES = key, certificate + root
    assert sealer_of(key.encode(), (certificate + root).encode()).fingerprint
    with pytest.raises(SealMisconfigured, match="valid from"):
        sealer()
