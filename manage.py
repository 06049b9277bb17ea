#!/usr/bin/env python
"""Every command of Finalmile; embedded servers are found or started where the environment names none."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    from config.embedded.session import for_command

    with for_command(sys.argv):
        execute_from_command_line(sys.argv)
