"""How much of the suite is run: three lengths.

A run of named tests has every case, and looks at each page with axe. `script/test` without
arguments is short enough for each change; in CI it leaves out only what PostgreSQL would repeat
(`of_this_run` in conftest.py). The long runs are CI's alone: many more sequences, kills and presses
of the same tests.
"""

import os

SHORT = os.environ.get("TESTS_SHORT") == "yes"
# Whether one journey in two is left out as well. At other moments all are short.
HALF_THE_JOURNEYS = os.environ.get("TESTS_JOURNEYS") == "half"
FULL = os.environ.get("HYPOTHESIS_PROFILE") == "full"
