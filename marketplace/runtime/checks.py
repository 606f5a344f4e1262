"""`test`, `faults` and `bench`: what proves the market by running it, on servers of its own."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from marketplace.runtime.commands import environment_for, supervised
from marketplace.runtime.errors import RuntimeRefusal
from marketplace.runtime.layout import PROJECT, VAR
from marketplace.runtime.market import migrate
from marketplace.runtime.servers import bench_servers, suite_servers, test_servers
from marketplace.runtime.supervisor import Supervisor, say

PYTEST = [sys.executable, "-m", "pytest"]


def test(arguments: Sequence[str]) -> int:
    """Run the tests in TEST_WORKERS processes, or as many as suit them, and return pytest's exit status.

    For every test, which makes some hundred databases, PostgreSQL keeps its data in memory; for those that are named, on the
    disk, where the migrated template is found again.
    """
    workers = os.environ.get("TEST_WORKERS") or str(suitable_workers(arguments))
    servers = test_servers() if named_paths(arguments) else suite_servers()
    with supervised(servers, "make test") as supervisor:
        return pytest(supervisor, ["-n", workers, *arguments])


def suitable_workers(arguments: Sequence[str]) -> int:
    """Return 0, pytest's own process, for a debugger or the tests of one file; else 4.

    To start worker processes takes longer than most files do. Four keep two cores busy: many tests wait for servers,
    and those that wait longest come first, beside each other.
    """
    if "--pdb" in arguments or "--trace" in arguments:
        return 0
    paths = named_paths(arguments)
    return 0 if len(paths) == 1 and paths[0].is_file() else 4


def named_paths(arguments: Sequence[str]) -> list[Path]:
    """Return the files and folders of tests that are named; none of them means every test."""
    named = {argument.partition("::")[0] for argument in arguments if not argument.startswith("-")}
    return [path for name in sorted(named) if (path := PROJECT / name).exists()]


def faults(arguments: Sequence[str]) -> int:
    """Run the long fault campaign, one test at a time, and return pytest's exit status."""
    with supervised(test_servers(), "make faults") as supervisor:
        return pytest(supervisor, ["-m", "campaign", *(arguments or ["tests/faults", "tests/properties"])])


def pytest(supervisor: Supervisor, arguments: Sequence[str]) -> int:
    """Run pytest on the tests' servers; its databases have a fixed name, so a killed run leaves no litter."""
    environment = environment_for(supervisor.servers, "test", owner=True)
    environment["TEST_DATABASE_SUFFIX"] = "suite"
    return supervisor.run("pytest", [*PYTEST, *arguments], environment)


def bench(arguments: Sequence[str]) -> int:
    """Run the named benchmark, or each one, with the database migrated; return the worst exit status.

    One named benchmark may be followed by options of its own, for a part of it or another size; the figures of its last
    run are then left for it to add to.
    """
    names, options = split_options(arguments)
    known = sorted(path.stem for path in (PROJECT / "bench").glob("*.py") if not path.stem.startswith("_"))
    unknown = [name for name in names if name not in known]
    if unknown or not known:
        raise RuntimeRefusal(
            f"no benchmark {unknown[0] if unknown else 'at all'} in bench/: "
            f"there {'is' if len(known) == 1 else 'are'} {', '.join(known) or 'none'}"
        )
    codes = []
    with supervised(bench_servers(), "make bench") as supervisor:
        codes.append(migrate(supervisor))
        for name in names or known:
            output = VAR / "bench" / f"{name}.json"
            if not options:
                output.unlink(missing_ok=True)
            say(f"benchmark {name}")
            program = [sys.executable, "-m", f"bench.{name}", "--output", str(output), *options]
            code = supervisor.run(name, program, environment_for(supervisor.servers, "bench"))
            if code == 0 and not output.exists():
                say(f"benchmark {name} wrote no {output}")
                code = 1
            codes.append(code)
    return max(codes)


def split_options(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the names of benchmarks and the options after them; raise RuntimeRefusal for options of several."""
    first = next((at for at, each in enumerate(arguments) if each.startswith("-")), len(arguments))
    names, options = list(arguments[:first]), list(arguments[first:])
    if options and len(names) != 1:
        raise RuntimeRefusal(f"options ({' '.join(options)}) are for one benchmark: name it with NAME=")
    return names, options
