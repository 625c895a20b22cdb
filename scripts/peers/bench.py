# SPDX-License-Identifier: Apache-2.0
"""Times Roadmask and its peers on the same files, in turns; see ../bench-peers.

    python bench.py --roadmask PROGRAM --models FOLDER [--quick] [--json FILE] [--only NET] [--levels LIST]
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
# Ours by --cpu, OpenVINO by the environment; below AVX-512 its float operators must be told to be f32.
LEVELS = {
    "default": (None, None, None),
    "avx512vnni": ("avx512vnni", "AVX512_CORE_VNNI", None),
    "avxvnni": ("avxvnni", "AVX2_VNNI", "f32"),
    "avx2": ("avx2", "AVX2", "f32"),
}
# What a class map by hand, from scores, costs a user of a peer at 1024x512.
TUNED_TAIL_MS = 12.0


class Peer:
    """A process that runs one model when told to."""

    def __init__(self, runtime, model, threads, cap, precision):
        environment = dict(os.environ)
        if cap:
            environment["ONEDNN_MAX_CPU_ISA"] = cap
        command = [sys.executable, str(HERE / "peer.py"), runtime, str(model), str(threads)]
        self.process = subprocess.Popen(command + ([precision] if precision else []), env=environment, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.ready = self.answer() is not None
        self.ms, self.cpu = [], []

    def answer(self):
        line = self.process.stdout.readline()
        return json.loads(line) if line else None

    def run(self, count):
        try:
            self.process.stdin.write(f"{count}\n")
            self.process.stdin.flush()
            answer = self.answer()
        except BrokenPipeError:
            answer = None
        if answer:
            self.ms += answer["ms"]
            self.cpu.append(answer["cpu_ms"])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Ours:
    def __init__(self, program, model, threads, level):
        self.command = [program, "profile", str(model), "--json", "--threads", str(threads)]
        self.command += ["--cpu", level] if level else []
        self.ms, self.cpu, self.about = [], [], {}

    def run(self, count):
        text = subprocess.run(self.command + ["--runs", str(count)], check=True, capture_output=True, text=True).stdout
        self.about = json.loads(text)
        self.ms += self.about["all_ms"]
        self.cpu.append(self.about["cpu_ms"])


def row(side):
    ordered = sorted(side.ms)
    return {"ms": round(statistics.median(ordered), 3), "p10": round(ordered[len(ordered) // 10], 3),
            "p90": round(ordered[len(ordered) * 9 // 10], 3), "cpu_ms": round(statistics.median(side.cpu), 3)}


def compare(options, net, size, threads, level):
    """One row of the table."""
    own, cap, precision = LEVELS[level]
    stem = f"{options.models}/{net}_{size}"
    ours = Ours(options.roadmask, f"{stem}.int8.onnx", threads, own)
    kinds = {"openvino int8": ".int8"} if options.int8 else {"openvino int8": ".int8", "openvino float": ""}
    peers = {n: Peer("openvino", f"{stem}{kind}.onnx", threads, cap, precision) for n, kind in kinds.items()}
    scores = {n: Peer("openvino", f"{stem}.scores{kind}.onnx", threads, cap, precision) for n, kind in kinds.items()}
    if level == "default" and not options.int8:
        peers["onnxruntime int8"] = Peer("onnxruntime", f"{stem}.int8.onnx", threads, None, None)
    sides = [ours] + [p for p in list(peers.values()) + list(scores.values()) if p.ready]
    for turn in range(options.rounds):
        for side in sides:
            side.run(3 if turn == 0 else max(3, min(30, int(options.span / max(side.ms[-1], 0.1)))))
    for peer in list(peers.values()) + list(scores.values()):
        peer.close()

    def best(all_peers):
        return min(((row(p), name) for name, p in all_peers.items() if p.ms), key=lambda pair: pair[0]["cpu_ms"])

    width, height = map(int, size.split("x"))
    tail = TUNED_TAIL_MS * width * height / (1024 * 512)
    mine, (whole, peer), (tuned, _) = row(ours), best(peers), best(scores)
    result = {
        "net": net, "size": size, "threads": threads, "level": level, "ours_ms": mine["ms"], "ours_p10": mine["p10"],
        "ours_p90": mine["p90"], "ours_cpu_ms": mine["cpu_ms"], "exact": ours.about.get("exact"), "peer": peer,
        "peer_ms": whole["ms"], "peer_p10": whole["p10"], "peer_p90": whole["p90"], "peer_cpu_ms": whole["cpu_ms"],
        "tuned_peer_ms": round(tuned["ms"] + tail, 3), "tuned_peer_cpu_ms": round(tuned["cpu_ms"] + tail, 3),
        "peers": {name: row(p) for name, p in peers.items() if p.ms},
    }
    result["ratio"] = round(mine["ms"] / whole["ms"], 3)
    result["tuned_ratio"] = round(mine["ms"] / result["tuned_peer_ms"], 3)
    result["cpu_ratio"] = round(mine["cpu_ms"] / whole["cpu_ms"], 3)
    result["tuned_cpu_ratio"] = round(mine["cpu_ms"] / result["tuned_peer_cpu_ms"], 3)
    return result


def line(r):
    return (f"| {r['net']} | {r['size']} | {r['threads']} | {r['level']} | {r['ours_ms']:.1f} ({r['ours_p10']:.1f} to "
            f"{r['ours_p90']:.1f}) | {r['ours_cpu_ms']:.1f} | {r['peer']} {r['peer_ms']:.1f} | "
            f"{r['peer_cpu_ms']:.1f} | {r['tuned_peer_ms']:.1f} | {r['ratio']:.2f} | {r['tuned_ratio']:.2f} | {r['cpu_ratio']:.2f} | "
            f"{r['tuned_cpu_ratio']:.2f} |")


HEAD = """| net | size | threads | level | ours ms (p10 to p90) | ours CPU | best peer ms | its CPU | tuned peer | ratio \
| tuned | CPU ratio | tuned CPU |
|---|---|---|---|---|---|---|---|---|---|---|---|---|"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--roadmask", required=True)
    parser.add_argument("--models", required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--int8", action="store_true", help="leave out the peers' float networks")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--json")
    parser.add_argument("--only", default="a,b,c,srm-crm")
    parser.add_argument("--levels", default=",".join(LEVELS))
    options = parser.parse_args()
    options.rounds, options.span = (3, 150) if options.quick else (8, 500)
    rows = []
    print(HEAD)
    for level in options.levels.split(","):
        for net in options.only.split(","):
            for size in ("1024x512", "480x360"):
                if not Path(f"{options.models}/{net}_{size}.int8.onnx").exists():
                    continue
                for threads in map(int, options.threads.split(",")):
                    if options.quick and threads == 2 and (size, level) != ("1024x512", "default"):
                        continue
                    try:
                        rows.append(compare(options, net, size, threads, level))
                    except subprocess.CalledProcessError as problem:
                        print(f"{net} {size} {level}: {problem.stderr}", file=sys.stderr)
                        continue
                    print(line(rows[-1]), flush=True)
                    if options.json:
                        Path(options.json).write_text("".join(json.dumps(r) + "\n" for r in rows))


if __name__ == "__main__":
    main()
