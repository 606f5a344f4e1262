"""What applications declare is found at start-up, also in the packages inside them."""

from marketplace.kernel.apps import declarations_inside


def test_declarations_of_packages_inside_an_application_are_found(tmp_path):
    for name in ("ledger/locks.py", "bank/states.py", "bank/models.py", "bank/deeper/locks.py", "waiting.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert declarations_inside("house", tmp_path) == ["house.bank.states", "house.ledger.locks"]
