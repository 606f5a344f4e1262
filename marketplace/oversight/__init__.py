"""What the operator must keep and answer for: incidents, prior consultation, reviews, legal holds and activity records."""
