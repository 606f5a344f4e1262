"""Seals on PDFs: whoever reads them elsewhere finds them valid, and what was changed is named."""

from __future__ import annotations

import re
import shutil
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from marketplace.documents.seal_keys import Sealer, make_local_chain, sealer_of
from marketplace.documents.seals import seal_faults, seal_pdf
from marketplace.documents.services import render_pdf
from tests.evidence.authorities import Signer
from verification.verify import read_seal

OPENSSL = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl is not installed on this machine"
)


@pytest.fixture(scope="module")
def sealer() -> Sealer:
    chain = make_local_chain()
    return sealer_of(chain, chain)


@pytest.fixture(scope="module")
def other() -> Sealer:
    chain = make_local_chain()
    return sealer_of(chain, chain)


@pytest.fixture(scope="module")
def page() -> bytes:
    return render_pdf(
        template="documents/text", data={"dated_on": "2026-01-01", "text": "契約書"}, language="ja"
    )


@pytest.fixture(scope="module")
def sealed(sealer: Sealer, page: bytes) -> bytes:
    return seal_pdf(page, sealer)


def faults(content: bytes, by: Sealer, **changes: Any) -> list[str]:
    expected = {"certificate": by.certificate, "roots": [by.root], "is_stamped": False}
    return seal_faults(content, **{**expected, **changes})


def pem_file(folder: Path, *certificates: x509.Certificate) -> Path:
    path = folder / "roots.pem"
    path.write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in certificates))
    return path


def openssl(*arguments: str | Path) -> tuple[int, str]:
    ran = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


def test_pyhanko_finds_a_certified_pades_signature_over_the_whole_file(sealed: bytes, sealer: Sealer) -> None:
    (seal,) = PdfFileReader(BytesIO(sealed)).embedded_signatures
    assert seal.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    roots = [sealer.root.public_bytes(Encoding.PEM)]
    status = validate_pdf_signature(seal, ValidationContext(trust_roots=_loaded(roots)))
    assert (status.bottom_line, status.intact, status.valid, status.trusted) == (True, True, True, True)
    assert status.coverage.name == "ENTIRE_FILE"
    assert faults(sealed, sealer) == []


def test_a_page_keeps_its_bytes_under_the_seal_and_its_standard(sealed: bytes, page: bytes) -> None:
    assert sealed.startswith(page)
    assert b"pdfaid:part" in sealed


@OPENSSL
def test_openssl_verifies_the_signature_over_the_byte_range(
    sealed: bytes, sealer: Sealer, other: Sealer, tmp_path: Path
) -> None:
    (found,) = re.findall(rb"/ByteRange\s*\[\s*(\d+) (\d+) (\d+) (\d+)\s*\]", sealed)
    start, length, after, rest = map(int, found)
    assert (start, after + rest) == (0, len(sealed))
    signed = tmp_path / "signed"
    signed.write_bytes(sealed[:length] + sealed[after:])
    cms = tmp_path / "signature.p7s"
    cms.write_bytes(bytes.fromhex(sealed[length + 1 : after - 1].decode()).rstrip(b"\0"))
    command = [
        "cms",
        "-verify",
        "-binary",
        "-inform",
        "DER",
        "-in",
        cms,
        "-content",
        signed,
        "-purpose",
        "any",
    ]
    trusted = pem_file(tmp_path, sealer.root)
    assert openssl(*command, "-CAfile", trusted, "-out", tmp_path / "out")[0] == 0
    signed.write_bytes(signed.read_bytes() + b"\n")
    assert openssl(*command, "-CAfile", trusted, "-out", tmp_path / "out")[0] != 0
    signed.write_bytes(sealed[:length] + sealed[after:])
    untrusted = pem_file(tmp_path, other.root)
    assert openssl(*command, "-CAfile", untrusted, "-out", tmp_path / "out")[0] != 0


def test_what_was_changed_is_named(sealed: bytes, page: bytes, sealer: Sealer, other: Sealer) -> None:
    flipped = bytearray(sealed)
    flipped[len(page) // 2] ^= 1
    assert faults(bytes(flipped), sealer) != []
    title = sealed.replace(b"/Lang", b"/Lanh", 1)
    assert title != sealed
    assert faults(title, sealer) == ["bytes that were sealed have changed"]
    assert faults(page, sealer) == ["it has 0 signatures, not the operator's one"]
    assert faults(sealed[: len(page)], sealer) == ["it has 0 signatures, not the operator's one"]
    assert faults(sealed[:-30], sealer)[0].startswith("it cannot be read as a sealed PDF")
    assert faults(b"no PDF", sealer)[0].startswith("it cannot be read as a sealed PDF")
    assert faults(appended(sealed), sealer) == ["something was added after it was sealed"]
    assert faults(sealed, sealer, roots=[other.root]) == ["no root that is trusted issued its certificate"]
    assert faults(sealed, sealer, certificate=other.certificate) == ["another certificate sealed it"]
    assert faults(seal_pdf(page, other), sealer) == [
        "no root that is trusted issued its certificate",
        "another certificate sealed it",
    ]
    assert faults(sealed, sealer, is_stamped=True) == [
        "it has no timestamp of an authority that the settings pin"
    ]


def test_the_one_file_verifier_names_the_same_changes(sealed: bytes, page: bytes) -> None:
    seal = read_seal(sealed)
    assert (seal.token, seal.value in seal.cms) == (b"", True)
    for content, text in (
        (page, "0 signatures"),
        (appended(sealed), "does not cover the whole file"),
        (sealed[: len(page)], "0 signatures"),
        (sealed.replace(b"/Lang", b"/Lanh", 1), "bytes that were sealed have changed"),
    ):
        with pytest.raises(ValueError, match=text):
            read_seal(content)


@OPENSSL
def test_a_timestamped_seal_is_b_t(page: bytes, sealer: Sealer, tmp_path: Path) -> None:
    authority = Signer(tmp_path / "authority")
    content = seal_pdf(page, sealer, ask=authority.reply)
    pinned = x509.load_pem_x509_certificates(authority.pinned.read_bytes())
    assert faults(content, sealer, is_stamped=True, stamping_roots=pinned[1:]) == []
    assert faults(content, sealer, is_stamped=True) == [
        "it has no timestamp of an authority that the settings pin"
    ]
    seal = read_seal(content)
    (tmp_path / "value").write_bytes(seal.value)
    (tmp_path / "token").write_bytes(seal.token)
    command = ["ts", "-verify", "-token_in", "-in", tmp_path / "token", "-data", tmp_path / "value"]
    assert openssl(*command, "-CAfile", authority.pinned)[0] == 0
    (tmp_path / "value").write_bytes(seal.value[:-1] + b"x")
    assert openssl(*command, "-CAfile", authority.pinned)[0] != 0


def appended(sealed: bytes) -> bytes:
    """The file with a further revision."""
    writer = IncrementalPdfFileWriter(BytesIO(sealed))
    writer.root["/Lang"] = writer.root["/Lang"]
    writer.update_root()
    out = BytesIO()
    writer.write(out)
    assert out.getvalue().startswith(sealed)
    assert len(out.getvalue()) > len(sealed)
    return out.getvalue()


def _loaded(pems: list[bytes]) -> list[Any]:
    return [each for pem in pems for each in load_certs_from_pemder_data(pem)]
