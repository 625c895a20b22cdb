#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Renders labelled street frames for train.py --extra: 30 streets, 10 frames of each, 480x360.
#
#   training/render_street.sh OUT [ROADMASK]      needs ffmpeg, to unpack the label video
set -euo pipefail
out=${1:?where to write}
roadmask=${2:-roadmask}
mkdir -p "$out/images" "$out/labels"
for seed in $(seq 101 130); do
  "$roadmask" run "test:street?size=480x360&rate=0.5&seconds=20&seed=$seed" "$out/images/${seed}_%02d.png" \
    --alpha 0 --truth "$out/truth.mkv" -y -q
  ffmpeg -loglevel error -y -i "$out/truth.mkv" -start_number 0 "$out/labels/${seed}_%02d.png"
done
rm "$out/truth.mkv"
