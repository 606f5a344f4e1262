"""Management commands of clearing, for the operator."""
