#!/usr/bin/env python
"""Every command of Finalmile; embedded servers are found or started where the environment names none."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    from config.embedded.session import for_command

    # A command of two words may be written as everybody writes them: `manage.py import-log`.
    argv = [*sys.argv[:1], *(word.replace("-", "_") if word[:1].isalpha() else word for word in sys.argv[1:2]), *sys.argv[2:]]
    with for_command(argv):
        execute_from_command_line(argv)
