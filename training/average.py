# SPDX-License-Identifier: Apache-2.0
"""Averages the weights of several states of one network (arXiv 2203.05482).

    python average.py -o OUT.safetensors FIRST.safetensors SECOND.safetensors ...
"""

from __future__ import annotations

import argparse
from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor

from train import save_weights


def average(states: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Tensor by tensor; states of different networks are a `ValueError`."""
    first = {name: value.shape for name, value in states[0].items()}
    for state in states[1:]:
        if {name: value.shape for name, value in state.items()} != first:
            raise ValueError("these weights are of different networks")
    return {name: sum(state[name].double() for state in states) / len(states) for name in first}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("states", type=Path, nargs="+")
    options = parser.parse_args()
    save_weights(average([load_file(str(path)) for path in options.states]), options.out)
