#!/usr/bin/env python
"""Runs the project's commands, for example `manage.py migrate`."""

import os
import sys

if __name__ == "__main__":
    from django.core.management import execute_from_command_line

    from clinic_site import start

    start.read_demonstration()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic_site.settings")
    start.prepare_command(sys.argv[1] if len(sys.argv) > 1 else "")
    execute_from_command_line(sys.argv)
