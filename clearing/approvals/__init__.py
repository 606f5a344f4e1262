"""Second-person control: commands on large amounts need two people."""
