"""Jobs of bank: importing bank statements (``uploads``)."""

from .uploads import CONTINUE_STATEMENTS, IMPORT_CONFIRMED, IMPORT_STATEMENT

__all__ = ["CONTINUE_STATEMENTS", "IMPORT_CONFIRMED", "IMPORT_STATEMENT"]
