"""What the operator sees of the running market: probes, metrics, logs, traces and alarms."""
