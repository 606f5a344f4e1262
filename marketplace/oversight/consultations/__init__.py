"""The prior-consultation desk: who means to make or trade sensitive data asks beforehand, and the operator answers."""
