"""The clause on law: terms of agreements in force that a rulebook makes unlawful, told, amended in time, or else ended by law."""
