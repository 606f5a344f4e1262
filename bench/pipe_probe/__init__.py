"""The subscriber of the pipe's benchmark, and its worker."""
