"""``python -m tests.fuzz``: see ``runner``, which processes of its own must be able to import."""

import sys

from tests.fuzz.runner import main

if __name__ == "__main__":
    sys.exit(main())
