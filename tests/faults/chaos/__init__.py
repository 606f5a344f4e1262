"""An application of the chaos test: a handler that never ends, and a job that kills its worker."""
