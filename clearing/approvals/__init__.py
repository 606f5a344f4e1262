"""Second-person control: commands on large amounts, and what releases a control, need two people."""
