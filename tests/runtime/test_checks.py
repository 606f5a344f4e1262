"""`make test` starts as many processes as suit the tests that are named; `make bench` takes one benchmark's options."""

import pytest

from marketplace.runtime.checks import named_paths, split_options, suitable_workers
from marketplace.runtime.errors import RuntimeRefusal
from marketplace.runtime.layout import PROJECT

MONEY = "tests/kernel/test_money.py"


@pytest.mark.parametrize(
    "arguments",
    [
        [MONEY],
        [MONEY, "-q", "-k", "yen"],
        [f"{MONEY}::test_yen_has_no_minor_unit", f"{MONEY}::test_two_currencies_are_not_put_together"],
        ["tests/kernel", "--pdb"],
        ["--trace"],
    ],
)
def test_one_file_or_a_debugger_has_no_worker_processes(arguments: list[str]) -> None:
    assert suitable_workers(arguments) == 0


@pytest.mark.parametrize(
    "arguments",
    [[], ["-q"], ["tests/kernel"], [MONEY, "tests/kernel/test_clock.py"], ["tests/kernel/no_such_test.py"]],
)
def test_everything_else_has_four(arguments: list[str]) -> None:
    assert suitable_workers(arguments) == 4


def test_tests_that_are_named_are_found_and_options_are_not() -> None:
    assert named_paths([]) == named_paths(["-q", "-m", "fast"]) == []
    assert named_paths(["-x", f"{MONEY}::test_yen", "tests/kernel"]) == [
        PROJECT / "tests/kernel",
        PROJECT / MONEY,
    ]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ([], [])),
        (["clear", "load"], (["clear", "load"], [])),
        (["load", "--listings", "1000"], (["load"], ["--listings", "1000"])),
    ],
)
def test_options_follow_the_benchmark_that_they_are_for(
    arguments: list[str], expected: tuple[list[str], list[str]]
) -> None:
    assert split_options(arguments) == expected


@pytest.mark.parametrize("arguments", [["--listings", "1000"], ["clear", "load", "--listings", "1000"]])
def test_options_of_no_benchmark_or_several_are_refused(arguments: list[str]) -> None:
    with pytest.raises(RuntimeRefusal, match="options"):
        split_options(arguments)
