"""Tests of the rights of use."""
