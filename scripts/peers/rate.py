# SPDX-License-Identifier: Apache-2.0
"""Frames a second that a run delivered, from its JSON report."""
import re
import sys

with open(sys.argv[1]) as file:
    print(re.search(r'"out_fps":\s*([0-9.]+)', file.read()).group(1))
