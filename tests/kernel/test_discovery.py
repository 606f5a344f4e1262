"""What applications declare is found, also in the packages inside them."""

from marketplace.kernel.discovery import declaring_modules


def test_modules_of_an_application_and_of_its_rooms_are_found(tmp_path):
    for name in (
        "states.py",
        "ledger/__init__.py",
        "ledger/locks.py",
        "bank/__init__.py",
        "bank/states.py",
        "docs/states.py",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = declaring_modules("house", tmp_path, ("states", "locks"))
    assert found == ["house.bank.states", "house.ledger.locks", "house.states"]
