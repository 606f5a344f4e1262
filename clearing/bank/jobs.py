"""Jobs of bank: importing a bank statement (``uploads``)."""

from .uploads import IMPORT_STATEMENT

__all__ = ["IMPORT_STATEMENT"]
