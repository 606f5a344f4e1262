"""Access of the operator's staff to participants' own affairs: with a reason, for hours, in evidence, and told."""
