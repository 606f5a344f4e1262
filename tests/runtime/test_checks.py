"""`make test` starts as many processes as suit the tests that are named."""

import pytest

from marketplace.runtime.checks import suitable_workers

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
def test_everything_else_has_two(arguments: list[str]) -> None:
    assert suitable_workers(arguments) == 2
