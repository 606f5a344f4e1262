"""The one-file verifier verifies the bundle of an agreement offline, and names each part that was changed."""

from __future__ import annotations

import base64
import io
import json
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts import services
from contracts.models import Agreement
from contracts.queries import contract_of, to_sign
from marketplace.evidence.keys import key_in_force, market_key
from marketplace.evidence.models import EvidenceRecord
from marketplace.evidence.services import checkpoint
from marketplace.evidence.signatures import sign_bytes
from marketplace.evidence.verifier_keys import ED25519, verifier_key
from marketplace.kernel.canonical import canonical_json, sha256_hex
from tests.contracts import factories
from tests.evidence.bundles import LOG_KEY, key_of
from tests.evidence.factories import seal
from tests.participants import factories as people
from tests.participants import keys
from verification import verify

Files = dict[str, Any]
ANNEX = b"%PDF-1.7\n"
PARTS = {
    "agreement.en.pdf", "agreement.ja.pdf", "certificates.pem", "evidence.json", "keys.json", "manifest.json", "manifest.jws", "plan.json",
    "object.json", "signatures.json", "text.en.txt", "text.ja.txt",
}  # fmt: skip


@pytest.fixture(scope="module")
def made(module_database: str) -> tuple[dict[str, bytes], str]:
    """Bundles as a party downloads them: ``own``, signed by both with their own keys, and ``market``; and the log's key."""
    market = factories.market()
    for name in ("own", "market"):
        negotiation = factories.requested(market)
        read = None
        if name == "market":
            services.attach_file(
                actor=market.buyer, negotiation=negotiation.public_id, content=ANNEX, name="範囲.pdf"
            )
            read = contract_of(negotiation).signed_hash
        for party, key in (("seller", keys.ed25519_key()), ("buyer", keys.p256_key())):
            actor = getattr(market, party)
            if name == "market":
                services.sign(actor=actor, negotiation=negotiation.public_id, signed_hash=read)
                continue
            keys.registered(market.organisation(party), key, actor=actor)
            signature = keys.sign_detached(key, to_sign(actor, negotiation)["content"])
            services.submit_signature(actor=actor, negotiation=negotiation.public_id, signature=signature)
    own, witnessed = Agreement.objects.order_by("pk")
    buyer = people.client_of(market.organisation("buyer"))
    for agreement in (own, witnessed):
        assert buyer.get(path_of(agreement)).status_code == 200
    seal(EvidenceRecord.objects.count())
    checkpoint()
    stranger = people.client_of(market.organisation("stranger"))
    assert stranger.get(path_of(own)).status_code == 404
    bundles = {"own": buyer.get(path_of(own)).content, "market": buyer.get(path_of(witnessed)).content}
    key = key_in_force()
    return bundles, verifier_key(key.name, ED25519, bytes(key.public_key))


def path_of(agreement: Agreement) -> str:
    return f"/api/v1/agreements/{agreement.public_id}/bundle/"


def files_of(bundle: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def written(files: Files) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, each in files.items():
            archive.writestr(name, each)
    return content.getvalue()


def made_anew(files: Files, **stated: Any) -> Files:
    """The files with a manifest of theirs that the market signed: it would have to cheat."""
    manifest = json.loads(files["manifest.json"]) | stated
    own = {"manifest.json", "manifest.jws"}
    manifest["files"] = {
        name: {"sha256": sha256_hex(content)} for name, content in sorted(files.items()) if name not in own
    }
    content = canonical_json(manifest)
    return files | {"manifest.json": content, "manifest.jws": sign_bytes(market_key(), content).encode()}


def run(content: bytes, folder: Path, *arguments: str | Path) -> tuple[int, str]:
    """What the program says, alone: it finds nothing of ours."""
    (folder / "agreement.zip").write_bytes(content)
    ran = subprocess.run(
        [sys.executable, "-I", verify.__file__, str(folder / "agreement.zip"), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


def codes(output: str) -> set[str]:
    return set(re.findall(r"(?m)^  ([a-z_]+)(?: \S+)?: ", output))


@pytest.mark.parametrize("name", ["own", "market"])
def test_a_bundle_verifies_by_the_program_alone(made, tmp_path, name):
    bundles, key = made
    assert set(files_of(bundles[name])) == PARTS | ({"annex-1.pdf"} if name == "market" else set())
    status, output = run(bundles[name], tmp_path, "--key", key)
    assert status == 0, output
    assert re.findall(r"(?m)^(\w+): ok$", output) == list(verify.OF_AGREEMENTS)
    assert "records of the log: 4 proved, 0 younger than the checkpoint" in output
    assert output.splitlines()[-1].startswith("verified: agr_")
    assert "the bundle's own" not in output


def test_without_a_key_the_program_says_whose_keys_it_used(made, tmp_path):
    status, output = run(made[0]["own"], tmp_path)
    assert (status, output.splitlines()[0]) == (
        0,
        "keys: the bundle's own; name one that you have from elsewhere by --key",
    )


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed on this machine")
def test_the_printed_commands_verify_the_seals(made, tmp_path):
    status, output = run(made[0]["own"], tmp_path, "--key", made[1], "--extract", tmp_path / "out")
    assert status == 0, output
    commands = re.findall(r"(?m)^  (openssl .+)$", output)
    assert [command.split()[1] for command in commands] == ["cms", "cms"]
    assert output.count("has no timestamp") == 2
    for command in commands:
        assert subprocess.run(shlex.split(command), capture_output=True, check=False).returncode == 0
    (tmp_path / "out" / "agreement.ja.signed").write_bytes(b"another")
    assert subprocess.run(shlex.split(commands[1]), capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize("name", sorted(PARTS))
def test_a_part_that_was_changed_or_left_out_is_named(made, tmp_path, name):
    files = files_of(made[0]["own"])
    left_out = {each: content for each, content in files.items() if each != name}
    status, output = run(written(left_out), tmp_path, "--key", made[1])
    assert status != 0, output
    assert name in output or name == "manifest.json", output
    if name == "manifest.jws":
        changed = files | {name: sign_bytes(market_key(), b"{}").encode()}
    elif name == "manifest.json":
        changed = files | {name: files[name].replace(b'"sanpo"', b'"sanpa"')}
    else:
        changed = files | {name: files[name][:-1] + bytes([files[name][-1] ^ 1])}
    status, output = run(written(changed), tmp_path, "--key", made[1])
    assert status != 0, output
    if name.startswith("manifest"):
        assert "manifest_not_signed" in codes(output)
    elif status == 1:
        assert f"file_changed {name}" in output
    else:
        assert output.startswith("not a bundle")


def test_a_file_beside_the_manifest_is_named(made, tmp_path):
    files = files_of(made[0]["own"]) | {"more.txt": b"x"}
    status, output = run(written(files), tmp_path, "--key", made[1])
    assert (status, codes(output)) == (1, {"file_missing"})


def edited(name: str, change: Callable[[Any], None], **stated: Any) -> Callable[[Files], Files]:
    """Another JSON in a part, and a manifest that the market signed over it."""

    def edit(files: Files) -> Files:
        content = json.loads(files[name])
        change(content)
        return made_anew(files | {name: canonical_json(content)}, **stated)

    return edit


def object_for_another_price(files: Files) -> Files:
    said = json.loads(files["object.json"])
    said["terms"]["price_minor"] = 1
    content = canonical_json(said)
    return made_anew(files | {"object.json": content}, signed_hash=sha256_hex(content))


def object_of_a_higher_level(files: Files) -> Files:
    said = json.loads(files["object.json"])
    said["terms"]["signature_level"] = "own_key"
    content = canonical_json(said)
    return made_anew(files | {"object.json": content}, signed_hash=sha256_hex(content))


def own_key_of_another(rows: Any) -> None:
    rows[0]["key"]["jwk"] = keys.public_jwk(keys.ed25519_key())


def revoked_before(rows: Any) -> None:
    rows[1]["key"]["revoked_at"] = "2020-01-01T00:00:00+00:00"


def signatures_exchanged(rows: Any) -> None:
    rows[0]["jws"], rows[1]["jws"] = rows[1]["jws"], rows[0]["jws"]


def another_record(evidence: Any) -> None:
    evidence["records"][0]["content"] += " "


def another_path(evidence: Any) -> None:
    evidence["records"][0]["path"][0] = "0" * 64


def another_root(evidence: Any) -> None:
    lines = evidence["checkpoint"].split("\n")
    lines[2] = base64.b64encode(bytes(32)).decode()
    evidence["checkpoint"] = "\n".join(lines)


def pdf_with_a_changed_byte(files: Files) -> Files:
    content = files["agreement.ja.pdf"]
    return made_anew(files | {"agreement.ja.pdf": content.replace(b"/Lang", b"/Lanh", 1)})


def pdf_with_more(files: Files) -> Files:
    return made_anew(files | {"agreement.ja.pdf": files["agreement.ja.pdf"] + b"\n% more"})


def pdf_without_its_seal(files: Files) -> Files:
    content = files["agreement.en.pdf"]
    return made_anew(files | {"agreement.en.pdf": content[: content.index(b"%%EOF") + 6]})


def without_its_annex(files: Files) -> Files:
    return made_anew({name: content for name, content in files.items() if name != "annex-1.pdf"})


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        ("own", edited("object.json", lambda said: said.update(reference="x")), {"object_changed"}),
        ("own", object_for_another_price, {"signature_of_another", "record_states_otherwise"}),
        ("market", object_of_a_higher_level, {"signature_level"}),
        ("own", lambda files: made_anew(files | {"text.ja.txt": b"x"}), {"text_changed"}),
        ("own", lambda files: made_anew(files | {"plan.json": b"{}"}), {"plan_differs"}),
        ("own", lambda files: made_anew(files | {"annex-1.pdf": ANNEX}), {"annex_differs"}),
        ("market", lambda files: made_anew(files | {"annex-1.pdf": ANNEX + b"2"}), {"annex_differs"}),
        ("market", without_its_annex, {"annex_differs"}),
        ("own", edited("signatures.json", own_key_of_another), {"signature_invalid"}),
        ("own", edited("signatures.json", revoked_before), {"key_not_in_force"}),
        ("own", edited("signatures.json", signatures_exchanged), {"signature_invalid"}),
        ("own", edited("signatures.json", lambda rows: rows.pop()), {"signature_missing"}),
        ("market", edited("signatures.json", signatures_exchanged), {"signature_invalid"}),
        ("market", edited("signatures.json", lambda rows: rows[0].update(signer="usr_x")), {"signature_of_another"}),
        ("own", edited("evidence.json", another_record), {"record_differs"}),
        ("own", edited("evidence.json", another_path), {"record_differs"}),
        ("own", edited("evidence.json", another_root), {"signature_invalid", "record_differs"}),
        ("own", pdf_with_a_changed_byte, {"seal_invalid", "record_states_otherwise"}),
        ("own", pdf_with_more, {"seal_invalid", "record_states_otherwise"}),
        ("own", pdf_without_its_seal, {"seal_invalid", "record_states_otherwise"}),
    ],
)  # fmt: skip
def test_what_the_market_itself_would_change_is_named(made, tmp_path, name, change, expected):
    status, output = run(written(change(files_of(made[0][name]))), tmp_path, "--key", made[1])
    assert status == 1, output
    assert expected <= codes(output), output
    assert "manifest_not_signed" not in codes(output)


def test_another_markets_key_verifies_nothing(made, tmp_path):
    key = key_of(LOG_KEY)
    stated = verifier_key(key.name, ED25519, key.public)
    status, output = run(made[0]["market"], tmp_path, "--key", stated)
    assert status == 1
    assert {"manifest_not_signed", "signature_invalid", "not_signed"} & codes(output)


def test_what_is_no_bundle_is_said_to_be_none(made, tmp_path):
    broken = made_anew(files_of(made[0]["own"]) | {"signatures.json": b"nonsense"})
    status, output = run(written(broken), tmp_path, "--key", made[1])
    assert status == 2
    assert output.startswith("not a bundle")
    status, output = run(b"no archive", tmp_path, "--key", made[1])
    assert status == 2
