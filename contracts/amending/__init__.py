"""Amendments of agreements in force: how they are compiled, signed as the next version, and what then follows them.

``compiling`` says what may change and from when (pure), ``services`` open and conclude an amendment, ``queries`` find the version in force.
"""
