#!/usr/bin/env python
"""The market's management commands; without other settings, on the embedded servers under `var/`."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings.embedded")
    execute_from_command_line(sys.argv)
