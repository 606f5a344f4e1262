"""Whoever opens files, connections or programs refuses to do it inside a transaction, as far as a reader can see."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.tidy.test_shape import APPLICATIONS, PROJECT, sources

GUARD = "require_no_transaction"
CALLS = {
    "open", "urlopen", "create_connection", "getaddrinfo", "Popen", "check_output", "mkstemp", "read_bytes", "read_text",
    "write_bytes", "write_text", "HTTPConnection", "HTTPSConnection", "SMTP", "file_digest", "profile_file", "system",
    "open_connection", "create_subprocess_exec",
}  # fmt: skip
"""Names of functions and methods by which outside work is done."""

PERMITTED = {
    "marketplace/documents/": "templates and fonts that come with the program",
    "marketplace/evidence/keys.py": "the market's key, read once a process",
    "marketplace/evidence/log_views.py": "hands out programs that stand alone, read once a process",
    "marketplace/evidence/timestamps.py": "the certificates that the settings pin, a small file",
    "marketplace/kernel/guards.py": "SQL that comes with the program, read at start-up",
    "marketplace/runtime/": "starts processes; knows no database transactions",
    "marketplace/observability/": "probes and alarms, which no transaction holds",
    "marketplace/settings/": "read at start-up",
    "marketplace/webhooks/transport.py": "runs on an event loop's thread; sending.py refuses a caller's transaction",
    "contracts/library/standard/": "clauses that come with the program, read once a process",
    "fixtures/": "the demo market",
    "bench/": "benchmarks",
    "clearing/netting/verify_statement.py": "stands alone, outside the market",
    "clearing/netting/views.py": "hands out the program above",
}
COMMANDS = "/management/commands/"


Function = ast.FunctionDef | ast.AsyncFunctionDef


def outside_calls(function: Function) -> set[str]:
    """The names in ``CALLS`` that a function calls itself."""
    names = {
        call.func.id if isinstance(call.func, ast.Name) else call.func.attr
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name | ast.Attribute)
    }
    return names & CALLS


def calls_guard(function: Function) -> bool:
    """Whether the function calls the guard itself."""
    return any(
        isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == GUARD
        for call in ast.walk(function)
    )


def functions_of(text: str) -> dict[str, Function]:
    """The functions and methods of a source by name, ``async`` ones too."""
    return {node.name: node for node in ast.walk(ast.parse(text)) if isinstance(node, Function)}


def unguarded(path: Path) -> list[str]:
    """Functions of a file that do outside work without the guard, unless every caller in the file has it."""
    functions = functions_of(path.read_text("utf-8"))
    guarded = {name for name, function in functions.items() if calls_guard(function)}
    callers: dict[str, set[str]] = {name: set() for name in functions}
    for name, function in functions.items():
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in callers:
                callers[call.func.id].add(name)
    return [
        f"{path.relative_to(PROJECT)}: {name} calls {', '.join(sorted(found))}"
        for name, function in functions.items()
        if (found := outside_calls(function))
        and name not in guarded
        and not (callers[name] and callers[name] <= guarded)
    ]


def test_outside_work_refuses_transactions():
    found = [
        line
        for path in sources(*APPLICATIONS)
        for line in unguarded(path)
        if not line.startswith(tuple(PERMITTED)) and COMMANDS not in str(path)
    ]
    assert found == []


def test_the_check_finds_what_lost_its_guard():
    text = (PROJECT / "listings" / "storage.py").read_text("utf-8")
    tree = functions_of(text)
    assert outside_calls(tree["open_verified"]) == {"open", "file_digest"}
    assert calls_guard(tree["open_verified"])
    tree = functions_of(text.replace(f'{GUARD}("reading a stored file")', "pass"))
    assert not calls_guard(tree["open_verified"])


def test_the_check_reads_async_functions(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.tidy.test_outside_work.PROJECT", tmp_path)
    path = tmp_path / "sending.py"
    path.write_text("async def post():\n    await socket.create_connection(address)\n", "utf-8")
    assert unguarded(path) == ["sending.py: post calls create_connection"]
