"""Commands that take two people of one organisation: what the first asked, and who approved it."""
