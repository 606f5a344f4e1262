"""The one-file verifier names what is wrong with a bundle, and needs nothing of ours."""

from __future__ import annotations

import ast
import base64
import subprocess
import sys
from pathlib import Path

import pytest

from verification import activity_record, verify, witness

from .bundles import (
    LOG_KEY,
    ORIGIN,
    WITNESS,
    WITNESS_KEY,
    codes,
    key_of,
    line,
    made_log,
    private_key,
    signed,
)

PROGRAM = Path(verify.__file__)
KEY = key_of(LOG_KEY)
LOG = made_log(600)
KEPT = LOG.note(300)


def bundle(folder: Path, **options) -> verify.Bundle:
    return verify.Bundle(folder, [KEY], **options)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 600])
def test_a_log_of_any_size_is_verified_with_what_was_kept_of_it(tmp_path, size):
    log = made_log(size)
    folder = log.write(tmp_path / "b", openings=[0, size - 1])
    for kept in {1, size // 2 or 1, size}:
        assert codes(bundle(folder, kept=log.note(kept))) == []


def test_a_shorter_log_names_size_and_root_that_are_missing(tmp_path):
    kept = verify.read_note(LOG.note(600))
    folder = made_log(597).write(tmp_path / "b")
    (fault,) = verify.verify(bundle(folder, kept=LOG.note(600)))["kept checkpoint"]
    assert fault.code == "tail_missing"
    assert f"size 600 with root {kept.root.hex()}" in fault.text


def test_a_bundle_without_a_checkpoint_names_what_is_missing(tmp_path):
    (tmp_path / "b").mkdir()
    found = verify.verify(bundle(tmp_path / "b", kept=KEPT))
    assert [fault.code for fault in found["checkpoint"]] == ["checkpoint_unreadable"]
    assert [fault.code for fault in found["kept checkpoint"]] == ["tail_missing"]


@pytest.mark.parametrize("size", [300, 400, 600, 700])
def test_a_log_that_was_made_anew_is_named_whatever_its_length(tmp_path, size):
    folder = made_log(size, "other").write(tmp_path / "b")
    assert codes(bundle(folder, kept=KEPT)) == ["forked"]
    assert codes(bundle(folder)) == []


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("", ["checkpoint_unreadable"]),
        ("x\n1\ny\n\n", ["checkpoint_unreadable"]),
        (LOG.note().replace("600", "0600", 1), ["checkpoint_unreadable"]),
        (LOG.note(key=private_key("other")), ["key_unknown"]),
        (LOG.note().partition("\n\n")[0] + "\n\n" + line("other", b"1" * 68), ["not_signed"]),
        (
            LOG.note().partition("\n\n")[0] + "\n\n" + line(ORIGIN, KEY.identifier + b"1" * 64),
            ["signature_invalid"],
        ),
        (LOG.note().replace("\n— ", "\n— x\n— ", 1), ["checkpoint_unreadable"]),
        (signed(600, b"\1" * 32), ["entries_differ"]),
        (signed(601, b"\1" * 32), ["entries_missing"]),
    ],
)
def test_a_checkpoint_that_is_none_is_named(tmp_path, note, expected):
    assert codes(bundle(LOG.write(tmp_path / "b", note))) == expected


def test_without_a_key_that_it_trusts_nothing_is_verified(tmp_path):
    assert codes(verify.Bundle(LOG.write(tmp_path / "b"), [])) == ["key_unknown"]


def test_a_kept_file_that_is_empty_is_no_missing_file(tmp_path):
    assert codes(bundle(LOG.write(tmp_path / "b"), kept="")) == ["kept_unreadable"]


@pytest.mark.parametrize(
    ("note", "witnesses_min", "expected"),
    [
        (LOG.note(witnesses=[WITNESS_KEY]), 1, []),
        (LOG.note(witnesses=[WITNESS_KEY, WITNESS_KEY]), 2, ["not_witnessed"]),
        (LOG.note(), 1, ["not_witnessed"]),
        (LOG.note() + line(WITNESS.name, WITNESS.identifier + b"1" * 72), 0, ["cosignature_invalid"]),
        (LOG.note(witnesses=[private_key("stranger")]), 1, ["not_witnessed"]),
    ],
)
def test_witnesses_are_counted_by_whom_the_reader_trusts(tmp_path, note, witnesses_min, expected):
    folder = LOG.write(tmp_path / "b", note)
    assert codes(bundle(folder, witnesses=[WITNESS], witnesses_min=witnesses_min)) == expected


def test_a_record_opens_the_commitment_at_its_place_or_is_named(tmp_path):
    folder = LOG.write(tmp_path / "b", openings=[0, 599])
    assert codes(bundle(folder)) == []
    lines = [
        LOG.opening(3).replace('"index": 3', '"index": 4'),
        LOG.opening(5).replace('"index": 5', '"index": 600'),
        "{}\n",
        '{"index": Infinity, "salt": "", "content": ""}\n',
        "[" * 100_000 + "\n",
        '{"index": 1, "salt": "", "content": "\\ud800"}\n',
    ]
    (folder / "records.jsonl").write_text("".join(lines))
    assert codes(bundle(folder)) == ["record_differs", "record_not_covered", *["record_unreadable"] * 4]


def test_what_is_no_log_is_not_downloaded(tmp_path):
    for address in ("http://127.0.0.1:1/log", "file:///etc", "nowhere"):
        outcome = run("download", address, "b", cwd=tmp_path)
        assert (outcome.returncode, outcome.stderr.startswith("the log cannot be downloaded")) == (2, True)
        assert len(outcome.stderr.splitlines()) == 1


def test_each_of_many_checkpoints_that_were_kept_is_verified_in_one_reading(tmp_path):
    folder = LOG.write(tmp_path / "b")
    notes = [LOG.note(size) for size in range(1, 601, 7)]
    assert codes(bundle(folder, kept=notes)) == []
    assert codes(bundle(folder, kept=[*notes, made_log(299, "other").note(), "", LOG.note(600)])) == [
        "forked",
        "kept_unreadable",
    ]
    assert len(bundle(folder, kept=notes).roots) == len(notes) + 1


def test_the_program_says_by_its_exit_status_what_it_found(tmp_path):
    LOG.write(tmp_path / "b")
    (tmp_path / "kept").write_text(made_log(300, "other").note())
    stated = f"{KEY.name}+{KEY.identifier.hex()}+{base64.b64encode(bytes([1]) + KEY.public).decode()}"
    good = run("b", "--key", stated, cwd=tmp_path)
    assert (good.returncode, good.stdout.splitlines()[-1][:22]) == (0, "verified: 600 entries,")
    bad = run("b", "--key", stated, "--kept", "kept", cwd=tmp_path)
    assert (bad.returncode, "forked: at size 300" in bad.stdout) == (1, True)
    (tmp_path / "year").mkdir()
    for size in (1, 300, 600):
        (tmp_path / "year" / str(size)).write_text(LOG.note(size))
    assert run("b", "--key", stated, "--kept", "year", cwd=tmp_path).returncode == 0
    (tmp_path / "year" / "forged").write_text((tmp_path / "kept").read_text())
    assert "forked: at size 300" in run("b", "--key", stated, "--kept", "year", cwd=tmp_path).stdout
    assert run("b", "--key", "nonsense", cwd=tmp_path).returncode == 2
    assert run("missing", cwd=tmp_path).returncode == 2


def test_what_was_kept_and_is_not_there_is_no_comparison(tmp_path):
    LOG.write(tmp_path / "b")
    (tmp_path / "empty").mkdir()
    (tmp_path / "nested" / "within").mkdir(parents=True)
    stated = f"{KEY.name}+{KEY.identifier.hex()}+{base64.b64encode(bytes([1]) + KEY.public).decode()}"
    for kept, said in KEPT_NOWHERE.items():
        outcome = run("b", "--key", stated, "--kept", kept, cwd=tmp_path)
        assert (outcome.returncode, outcome.stdout) == (2, ""), outcome
        assert "Traceback" not in outcome.stderr
        assert said in outcome.stderr.splitlines()[-1]


KEPT_NOWHERE = {
    "missing": "what you kept cannot be read",
    "nested": "what you kept cannot be read",
    "empty": "the folder empty holds no checkpoint that you kept",
}


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_read_by_no_program(tmp_path, text):
    (tmp_path / "state.json").write_text(f'{{"checkpoint": {text}}}')
    for program in (verify, witness, activity_record):
        with pytest.raises(ValueError, match="is no number"):
            program.read_json((tmp_path / "state.json").read_text())
    folder = LOG.write(tmp_path / "b")
    opening = LOG.opening(0).replace("}\n", f', "more": {text}}}\n')
    (folder / "records.jsonl").write_text(opening)
    assert codes(bundle(folder)) == ["record_unreadable"]


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The program as a stranger runs it: isolated from our modules."""
    return subprocess.run(
        [sys.executable, "-I", PROGRAM, *arguments], cwd=cwd, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("program", ["verify.py", "witness.py"])
def test_a_program_for_outsiders_needs_python_and_cryptography_alone(program):
    tree = ast.parse((PROGRAM.parent / program).read_text(encoding="utf-8"))
    named = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)} | {
        name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }
    foreign = {name.partition(".")[0] for name in named if name} - sys.stdlib_module_names
    assert foreign == {"cryptography"}
