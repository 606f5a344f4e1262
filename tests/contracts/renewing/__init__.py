"""Tests of renewals."""
