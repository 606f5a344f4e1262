"""Papers of practice: what stands on them, and how they are read and printed."""
