"""Settings of every test.

Property tests have no time limit, neither for one example nor for making it: the suite also
runs on loaded machines.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")
