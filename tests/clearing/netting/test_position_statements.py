"""A participant's statement, checked by the program that everybody can download, as they would run it."""

from __future__ import annotations

import copy
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from clearing.models import NetPosition
from clearing.netting.position_statements import position_statement
from marketplace.evidence.signatures import public_keys, sign
from marketplace.kernel.canonical import digest_of
from tests.participants.factories import client_of
from tests.standing import made_once

from .. import factories

PROGRAM = Path(__file__).parents[3] / "clearing" / "netting" / "verify_statement.py"


@made_once
def cycle(market):
    """A netted cycle in which b sells, buys, is corrected, and bears fees at one rate over several trades."""
    first = factories.accepted(market, "a", "b", 10_005)
    factories.accepted(market, "b", "a", 2_101)
    for price in (2_105, 2_105, 50_001):
        factories.accepted(market, "c", "b", price)
    factories.accepted(market, "a", "c", 777)
    factories.adjust(market, first, "b", "a", 105)
    factories.adjust(market, first, "b", "a", 105)
    return factories.clear(market, "netted")


def statement_of(market: factories.Market, cycle: Any, name: str) -> dict[str, Any]:
    party = market.operator if name == "operator" else market.party(name)
    position = NetPosition.objects.get(cycle=cycle, organisation=party)
    document: dict[str, Any] = json.loads(b"".join(position_statement(position)))
    return document


def verify(tmp_path: Path, document: dict[str, Any], *options: str) -> tuple[int, str]:
    """Run the program as somebody who has nothing of the market but a Python."""
    file = tmp_path / "statement.json"
    file.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return run_on(file, *options)


def run_on(file: Path, *options: str) -> tuple[int, str]:
    """Run the program on a file; its exit code and what it said."""
    done = subprocess.run(
        [sys.executable, "-I", str(PROGRAM), str(file), *options],
        cwd=file.parent, capture_output=True, text=True, check=False, env={"PYTHONUTF8": "1"},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["a", "b", "c", "operator"])
def test_a_statement_proves_a_position(market, cycle, tmp_path, name):
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(public_keys()))
    code, said = verify(tmp_path, statement_of(market, cycle, name), "--keys", str(keys))
    assert (code, "the signature is the market's" in said) == (0, True), said


def test_it_says_when_the_signature_was_not_checked(market, cycle, tmp_path):
    code, said = verify(tmp_path, statement_of(market, cycle, "b"))
    assert (code, "NOT checked" in said) == (0, True)


def signed_anew(document: dict[str, Any]) -> dict[str, Any]:
    """As a market that lies would sign it."""
    statement = document["statement"]
    return document | {
        "signature": sign(
            {
                "format": statement["format"],
                "cycle": statement["cycle"]["business_key"],
                "party": statement["party"],
                "merkle_root": statement["cycle"]["merkle_root"],
                "sha256": digest_of(statement),
            }
        )
    }


def replaced(text: str, field: int, value: str) -> str:
    fields = text.split("|")
    fields[field] = value
    return "|".join(fields)


def line_tampered(number: int, field: int, value: str):
    def tamper(statement: dict[str, Any]) -> None:
        row = statement["lines"][number]
        row["line"] = replaced(row["line"], field, value)

    return tamper


def _own(statement: dict[str, Any], *, further: bool) -> int:
    return next(
        number
        for number, row in enumerate(statement["lines"])
        if (row["line"].split("|")[1] != "trade") is further
    )


def _position_part(statement: dict[str, Any], name: str, by: int) -> None:
    position = statement["position"]
    at = position["parts"].index(name) + 1
    position["line"] = replaced(position["line"], at, str(int(position["line"].split("|")[at]) + by))


def _part_and_net(statement: dict[str, Any]) -> None:
    _position_part(statement, "fee_tax_minor", 1)
    _position_part(statement, "net_minor", 1)


def _twice(statement: dict[str, Any]) -> None:
    statement["lines"].append(copy.deepcopy(statement["lines"][0]))


def _root(name: str):
    return lambda statement: statement["cycle"].update({name: "0" * 64})


TAMPERINGS = {
    "a price": lambda s: line_tampered(_own(s, further=False), 4, "1")(s),
    "a tax": lambda s: line_tampered(_own(s, further=False), 5, "1")(s),
    "a tax rate": lambda s: line_tampered(_own(s, further=False), 6, "800")(s),
    "a fee": lambda s: line_tampered(_own(s, further=False), 7, "1")(s),
    "a fee's tax rate": lambda s: line_tampered(_own(s, further=False), 8, "800")(s),
    "who bears a fee": lambda s: line_tampered(_own(s, further=False), 9, "buyer")(s),
    "a seller": lambda s: line_tampered(_own(s, further=False), 3, "9999999999999")(s),
    "a business key": lambda s: line_tampered(_own(s, further=False), 0, "1:PO")(s),
    "a correction": lambda s: line_tampered(_own(s, further=True), 4, "1")(s),
    "a kind": lambda s: line_tampered(_own(s, further=True), 1, "gift")(s),
    "a line left out": lambda s: s["lines"].pop(_own(s, further=False)),
    "a correction left out": lambda s: s["lines"].pop(_own(s, further=True)),
    "a line twice": _twice,
    "a place": lambda s: s["lines"][0].update(index=s["lines"][0]["index"] + 1),
    "a path": lambda s: s["lines"][0].update(path=["0" * 64, *s["lines"][0]["path"][1:]]),
    "a leaf of a page": lambda s: s["lines"][0].update(page=["0" * 64, *s["lines"][0]["page"][1:]]),
    "a page cut off": lambda s: s["lines"][0].update(page=s["lines"][0]["page"][:-1]),
    "the length of pages": lambda s: s.update(page_lines=2),
    "a block root": lambda s: s.update(block_roots=["0" * 64]),
    "a block more": lambda s: s["block_roots"].append("0" * 64),
    "the size": lambda s: s.update(size=s["size"] + 1),
    "the trades root": _root("trades_root"),
    "the positions root": _root("positions_root"),
    "the cycle root": _root("merkle_root"),
    "a part of the position": lambda s: _position_part(s, "sales_minor", 1),
    "the net": lambda s: _position_part(s, "net_minor", 1),
    "a part and the net": _part_and_net,
    "the position's path": lambda s: s["position"].update(path=["0" * 64]),
    "the position's page": lambda s: s["position"].update(page=[]),
    "the position's place": lambda s: s["position"].update(index=s["position"]["index"] ^ 1),
    "the party": lambda s: s.update(party="1"),
    "the name in the lines": lambda s: s.update(name_in_lines="operator"),
    "something carried": lambda s: s["deferred"].append(f"k|adjustment|{s['party']}|1|5|0|1000"),
}
SIGNED = ("a price", "a path", "the net")


def test_every_tampering_is_found_whoever_signs_it(market, cycle, tmp_path):
    """Signed by nobody, the signature tells; signed anew by the market itself, the proofs do."""
    document = statement_of(market, cycle, "b")
    missed = []
    for name, tamper in TAMPERINGS.items():
        changed = copy.deepcopy(document)
        tamper(changed["statement"])
        assert changed != document, name
        code, said = verify(tmp_path, signed_anew(changed))
        if code != 1 or "DIFFERS" not in said or "signature" in said:
            missed.append((name, code, said))
        if name in SIGNED and "DIFFERS signature: its sha256" not in verify(tmp_path, changed)[1]:
            missed.append((name, "as signed"))
    assert missed == []


def test_what_only_the_public_can_tell_is_found_by_what_is_public(market, cycle, tmp_path):
    document = statement_of(market, cycle, "b")
    public = APIClient().get(f"/api/v1/cycles/{cycle.public_id}/").json()
    file = tmp_path / "cycle.json"
    file.write_text(json.dumps(public))
    assert verify(tmp_path, document, "--cycle", str(file))[0] == 0
    for name, value in (("input_hash", "0" * 64), ("output_hash", "0" * 64), ("trades", 1), ("currency", "USD")):  # fmt: skip
        changed = copy.deepcopy(document)
        changed["statement"]["cycle"][name] = value
        code, said = verify(tmp_path, signed_anew(changed), "--cycle", str(file))
        assert (code, f"{name}: differs from what the market publishes" in said) == (1, True)
    forged = document | {"signature": document["signature"][:-8] + "AAAAAAAA"}
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(public_keys()))
    code, said = verify(tmp_path, forged, "--keys", str(keys))
    assert (code, "not made with a key of the market" in said) == (1, True)


def _without(*path: str):
    def tamper(document: dict[str, Any]) -> None:
        for name in path[:-1]:
            document = document[name]
        del document[path[-1]]

    return tamper


UNREADABLE = {
    "statement.block_lines is missing": _without("statement", "block_lines"),
    "statement.page_lines is missing": _without("statement", "page_lines"),
    "block_lines and page_lines 1 or more": lambda d: d["statement"].update(page_lines=0),
    "its format must be sanpo.clearing.statement.v2": lambda d: d["statement"].update(format="other"),
    "statement.size must be a whole number": lambda d: d["statement"].update(size=True),
    "statement.lines, element 1,.line must be text": lambda d: d["statement"]["lines"][0].update(line=7),
    "statement.deferred, element 1, must be text": lambda d: d["statement"]["deferred"].append(1),
    "statement.position must be an object": lambda d: d["statement"].update(position=[]),
    "statement.party must be text": lambda d: d["statement"].update(party=5),
    "parts must name each number of the line once": lambda d: d["statement"]["position"].update(
        parts=["net_minor"]
    ),
    "a hash must be 64 hexadecimal digits": lambda d: d["statement"].update(block_roots=["xyz"]),
    "must be a whole number, not '1_0'": lambda d: line_tampered(
        _own(d["statement"], further=False), 4, "1_0"
    )(d["statement"]),
    "signature must be three parts": lambda d: d.update(signature="a.b"),
    "not base64url": lambda d: d.update(signature="a.%%%.c"),
    "signature, payload: is no JSON": lambda d: d.update(signature="YQ.YQ.YQ"),
    "surrogates not allowed": lambda d: d["statement"].update(party="\ud800"),
}


def test_what_cannot_be_read_is_named(market, cycle, tmp_path):
    missed = []
    for named, tamper in UNREADABLE.items():
        document = copy.deepcopy(statement_of(market, cycle, "b"))
        tamper(document)
        file = tmp_path / "statement.json"
        file.write_text(json.dumps(document))
        code, said = run_on(file)
        if code != 2 or named not in said or "Traceback" in said:
            missed.append((named, code, said))
    assert missed == []


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b'{"signature": "a.b.c", "signature": "a.b.c"}', "an object has two members 'signature'"),
        (b'{"statement": {"size": 1, "size": 2}}', "an object has two members 'size'"),
        (b"[" * 100_000, "is no JSON"),
        (b"\xff", "is no JSON"),
        (b"[]", "document must be an object"),
        (b"1" * 10_000, "is no JSON"),
    ],
)
def test_json_that_readers_understand_differently_or_not_at_all_is_named(tmp_path, content, named):
    file = tmp_path / "statement.json"
    file.write_bytes(content)
    code, said = run_on(file)
    assert (code, named in said, "Traceback" in said) == (2, True, False), said


def test_one_trade_at_two_indexes_is_found(market, cycle, tmp_path):
    """A market that lies proves a line twice, by putting it twice into its tree."""
    document = statement_of(market, cycle, "b")
    for tamper in (
        lambda row: row.update(index=row["index"] + 1),
        lambda row: row.update(index=row["index"] + 1, line=replaced(row["line"], 4, "1")),
    ):
        changed = copy.deepcopy(document)
        row = copy.deepcopy(changed["statement"]["lines"][_own(changed["statement"], further=False)])
        tamper(row)
        changed["statement"]["lines"].append(row)
        code, said = verify(tmp_path, signed_anew(changed))
        number = len(changed["statement"]["lines"])
        assert (code, f"DIFFERS line {number}: is there twice, at two indexes" in said) == (1, True)


def test_keys_and_cycles_that_cannot_be_read_are_named(market, cycle, tmp_path):
    file = tmp_path / "statement.json"
    file.write_text(json.dumps(statement_of(market, cycle, "b")))
    other = tmp_path / "other.json"
    for option, content, named in (
        ("--keys", "{}", "keys.keys is missing"),
        ("--keys", '{"keys": ["k"]}', "keys.keys, element 1, must be an object"),
        ("--cycle", "[]", "cycle must be an object"),
    ):
        other.write_text(content)
        code, said = run_on(file, option, str(other))
        assert (code, named in said, "Traceback" in said) == (2, True, False)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all members and elements, of lists only those of the first element."""
    if isinstance(value, dict):
        members: list[tuple[Any, Any]] = list(value.items())
    else:
        members = list(enumerate(value))[:1] if isinstance(value, list) else []
    for name, member in members:
        yield (*path, name)
        yield from places(member, (*path, name))


def test_no_member_of_another_kind_ends_in_a_traceback(market, cycle, tmp_path, monkeypatch, capsys):
    specification = importlib.util.spec_from_file_location("verify_statement", PROGRAM)
    program = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(program)
    document = signed_anew(statement_of(market, cycle, "b"))
    file = tmp_path / "statement.json"
    monkeypatch.setattr(sys, "argv", ["verify_statement.py", str(file)])
    passed = []
    for path in places(document):
        for value in (None, True, -1, 2**70, 1.5, "", "x|trade|x", [], [None], {}, {"line": 1}):
            changed = copy.deepcopy(document)
            within = changed
            for name in path[:-1]:
                within = within[name]
            if within[path[-1]] == value:
                continue
            within[path[-1]] = value
            file.write_text(json.dumps(changed))
            if program.main() == 0:
                passed.append((path, value))
            said = capsys.readouterr()
            assert "DIFFERS" in said.out or "cannot be read" in said.err, (path, value)
    assert passed == []


def test_what_is_no_statement_is_refused(tmp_path):
    for document in ({}, {"statement": {"format": "other"}, "signature": "a.b.c"}, {"statement": 1}):
        assert verify(tmp_path, document)[0] == 2


def test_a_statement_is_read_by_its_participant_and_the_operator_alone(market, cycle):
    document = statement_of(market, cycle, "b")
    position = NetPosition.objects.get(cycle=cycle, organisation=market.party("b"))
    address = f"/api/v1/positions/{position.public_id}/statement/"
    for reader in (market.party("b"), market.operator):
        answer = client_of(reader).get(address)
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
        assert json.loads(b"".join(answer.streaming_content)) == document
    assert client_of(market.party("a")).get(address).status_code == 404
    assert APIClient().get(address).status_code == 401


def test_the_program_is_there_for_everybody(db):
    answer = APIClient().get("/api/v1/verification-script/", headers={"accept": "application/json"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/x-python; charset=utf-8")
    assert answer.content == PROGRAM.read_bytes()


def test_many_lines_are_read_a_block_and_written_a_chunk_at_a_time(market, cycle, monkeypatch):
    whole = b"".join(position_statement(NetPosition.objects.get(organisation=market.party("b"))))
    monkeypatch.setattr("clearing.netting.position_statements.LINES_A_CHUNK", 2)
    pieces = list(position_statement(NetPosition.objects.get(organisation=market.party("b"))))
    assert b"".join(pieces) == whole
    assert max(piece.count(b'"path"') for piece in pieces) <= 2
