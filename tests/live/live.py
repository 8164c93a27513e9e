# SPDX-License-Identifier: Apache-2.0
"""All live cases; the one argument is the build tree.  See "run"."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position,unused-import
for name in [n for n in os.environ if n.startswith("AWS_")]:
    del os.environ[name]
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = \
    os.devnull

import botocore_client  # noqa: E402,F401
import moto_judge  # noqa: E402,F401
from lab import Lab, run_all  # noqa: E402

lab = Lab(sys.argv[1])
lab.start_mock()
lab.start_moto()
sys.exit(0 if run_all(lab) else 1)
