"""Quality profiles and measurements of listing versions."""
