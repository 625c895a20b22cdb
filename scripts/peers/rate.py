# SPDX-License-Identifier: Apache-2.0
"""Frames a second that a run delivered, from its JSON report on stdin."""
import re
import sys

print(re.search(r'"out_fps":\s*([0-9.]+)', sys.stdin.read()).group(1))
