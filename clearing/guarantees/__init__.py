"""Guarantees and limits backed by deposits: security for trades of buyers that pay after delivery."""
