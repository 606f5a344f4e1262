"""The agreement as text, document and paper."""
