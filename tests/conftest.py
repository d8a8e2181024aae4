"""Settings of every test.

Property tests have no time limit, neither for one example nor for making it: the suite also
runs on loaded machines. They try the same examples in every run, so that a change is judged by
what it changed; ``HYPOTHESIS_PROFILE=search make test`` tries new ones, ten times as many.
"""

from __future__ import annotations

import os
import tempfile

from hypothesis import HealthCheck, settings

_SLOW = [HealthCheck.too_slow]
settings.register_profile("suite", deadline=None, suppress_health_check=_SLOW, derandomize=True)
settings.register_profile(
    "search", deadline=None, suppress_health_check=_SLOW, max_examples=1000, print_blob=True
)
# Commands that tests run keep what they read here, not in the cache of whoever runs the tests.
os.environ["ENCORE_INFRA_CACHE"] = f"{tempfile.gettempdir()}/encore-tests-{os.getuid()}"

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))
