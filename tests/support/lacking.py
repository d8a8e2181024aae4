"""A provider whose library nobody has installed."""

from __future__ import annotations

import library_of_the_future  # type: ignore[import-not-found]

Provider = library_of_the_future.Provider
