"""Settings: `base` reads the environment; `embedded`, `production` and `test` say what differs."""
