"""Registration from nothing: applications of strangers, their screening, and the decision of two people."""
