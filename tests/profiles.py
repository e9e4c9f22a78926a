"""How much of the suite is run: three lengths.

A run of named tests has every case, and looks at each page with axe. `script/test` without
arguments is short enough for each change; in CI it leaves out only what PostgreSQL would repeat
(`of_this_run` in conftest.py). The long runs are CI's alone: many more sequences, kills and presses
of the same tests.
"""

import os

SHORT = os.environ.get("TESTS_SHORT") == "yes"
FULL = os.environ.get("HYPOTHESIS_PROFILE") == "full"
# Of all tests, and of the journeys, a short run takes one in so many: others at each other moment.
ONE_TEST_IN = int(os.environ.get("TESTS_ONE_IN", "1"))
ONE_JOURNEY_IN = int(os.environ.get("TESTS_ONE_JOURNEY_IN", "1"))
MOMENT = os.environ.get("TESTS_ON", "")
