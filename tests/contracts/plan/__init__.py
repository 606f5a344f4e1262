"""Terms compiled into the plan."""
