# SPDX-License-Identifier: Apache-2.0
"""All cases of examples/ecs; the one argument is the build tree.  See "run"."""

import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position,unused-import
import documents  # noqa: E402,F401
import settings  # noqa: E402,F401
import spire  # noqa: E402,F401
from lab import Lab, run_all  # noqa: E402

# What was started is ended at exit.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
sys.exit(0 if run_all(Lab(sys.argv[1])) else 1)
