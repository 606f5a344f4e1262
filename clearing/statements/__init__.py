"""Monthly statements of participants."""
