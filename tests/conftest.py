"""Settings of every test.

Property tests have no time limit for one example: the suite also runs on loaded machines.
"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("suite", deadline=None)
settings.load_profile("suite")
