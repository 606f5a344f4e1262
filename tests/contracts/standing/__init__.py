"""What halts, suspensions and lost admissions do to agreements."""
