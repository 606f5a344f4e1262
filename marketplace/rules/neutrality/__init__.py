"""Neutrality that an outsider recomputes: public bundles, figures by class, counterfactuals, and rules aimed at somebody."""
