"""Runs the market on one machine: embedded servers, their supervision and the commands behind `make`.

The package stands on the standard library, psycopg and the redis client alone. It imports no Django app:
what it needs of the market it asks for by running `manage.py`.
"""
