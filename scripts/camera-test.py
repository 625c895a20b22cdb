# SPDX-License-Identifier: Apache-2.0
"""The part of scripts/camera-test that runs inside of the machine: roadmask with the kernel's vivid cameras."""
import ctypes
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

PROGRAM, MODELS, CYCLES = sys.argv[1], sys.argv[2], int(sys.argv[3])
STEPS = sys.argv[4:] or ["devices", "stream", "lost", "reconnect", "kill", "output"]
SMALL = ["--size", "320x180", "--rate", "10", "--infer-size", "96x64", "--progress", "json"]
CAMERA, OTHER = "/dev/video0", "/dev/video2"
CLOCKS = "/sys/devices/system/clocksource/clocksource0/available_clocksource"
EMULATED = "kvm" not in open(CLOCKS).read()
failures = 0


class Said(str):
    """The last lines of a run."""


def check(name, holds, detail=""):
    global failures
    # What a run said is of interest where something is wrong.
    shown = detail != "" and not (holds and isinstance(detail, Said))
    print(f"{'ok' if holds else 'not ok'} {name}" + (f"  ({detail})" if shown else ""), flush=True)
    if not holds:
        failures += 1
    return holds


class Vivid:
    """The controls of a camera. An open handle keeps an unplugged camera away."""

    QUERY, SET, NEXT = 0xC0445624, 0xC008561C, 0x80000000

    def __init__(self, path):
        self.file = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.ids = {}
        query = bytearray(68)
        number = self.NEXT
        while True:
            query[0:4] = number.to_bytes(4, "little")
            try:
                fcntl.ioctl(self.file, self.QUERY, query)
            except OSError:
                break
            number = int.from_bytes(query[0:4], "little")
            self.ids[query[8:40].split(b"\0")[0].decode()] = number
            number |= self.NEXT

    def set(self, name, value=1):
        fcntl.ioctl(
            self.file, self.SET, self.ids[name].to_bytes(4, "little") + value.to_bytes(4, "little", signed=True))

    def close(self):
        os.close(self.file)


def control(name, value=1, path=CAMERA):
    vivid = Vivid(path)
    try:
        vivid.set(name, value)
    finally:
        vivid.close()


class Run:
    """A run of roadmask, with the lines it says and when."""

    def __init__(self, *arguments):
        self.begin = time.monotonic()
        self.lines = []  # (time, text)
        self.progress = {}
        self.process = subprocess.Popen(
            [PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stderr:
            line = line.strip()
            if line.startswith('{"v":'):
                try:
                    self.progress = json.loads(line)
                except ValueError:
                    pass
            elif line:
                self.lines.append((time.monotonic(), line))

    @property
    def frames(self):
        return self.progress.get("frames", {}).get("out", 0)

    def wait_for(self, condition, limit=120):
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if condition():
                return True
            if self.process.poll() is not None:
                self.reader.join(5)
                return bool(condition())
            time.sleep(0.01)
        return False

    def line(self, pattern, since=0.0):
        """When a line that matches came, after `since`."""
        for at, text in list(self.lines):
            if at >= since and re.search(pattern, text):
                return at
        return None

    def more_frames(self, count=5, limit=120):
        start = self.frames
        return self.wait_for(lambda: self.frames >= start + count, limit)

    def end(self, number=None, limit=120):
        if number is not None:
            self.process.send_signal(number)
        try:
            status = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = "did not end"
        self.reader.join(5)
        return status

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def processor(self):
        """Seconds of it, so far."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            words = file.read().rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def text(self):
        return Said(" | ".join(text for _, text in self.lines[-6:]))


def balanced(report):
    frames = report["frames"]
    return frames["in"] == frames["out"] + frames["dropped"] + frames["failed"]


def load(path):
    with open(path) as file:
        return json.load(file)


def count_frames(path):
    """Frames of a video that decode, by ffprobe; None where it refuses."""
    result = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries",
         "stream=nb_read_frames", "-of", "csv=p=0", path], capture_output=True, text=True, timeout=300)
    text = result.stdout.strip().rstrip(",")
    return int(text) if text.isdigit() else None


def devices():
    result = subprocess.run([PROGRAM, "devices", "--json"], capture_output=True, text=True, timeout=300)
    found = json.loads(result.stdout)["cameras"]
    check("devices: both cameras are listed, and no other node",
          [camera["path"] for camera in found] == [CAMERA, OTHER], [camera["path"] for camera in found])
    camera = found[0]
    check("devices: it is vivid", camera["card"] == "vivid" and camera["bus"].startswith("platform:vivid"))
    sizes = {(format["name"], size["width"], size["height"]): size["rates_fps"]
             for format in camera["formats"] for size in format["sizes"]}
    check("devices: formats, sizes and rates",
          max(sizes.get(("yuyv422", 320, 180), [0])) >= 60 and ("nv12", 1280, 720) in sizes, len(sizes))
    refused = subprocess.run([PROGRAM, CAMERA, "null:"], capture_output=True, text=True, timeout=300, user=65534)
    check("devices: without permission it ends with 77 and names the group",
          refused.returncode == 77 and "RM-CAM-003" in refused.stderr and "'video'" in refused.stderr,
          Said(refused.stderr))
    chosen = camera["chosen"]
    best = max(rate for (_, width, height), rates in sizes.items() if (width, height) == (1280, 720)
               for rate in rates)
    check("devices: the mode that would be chosen",
          (chosen["width"], chosen["height"]) == (1280, 720) and chosen["rate_fps"] >= min(29.9, best), chosen)


def stream():
    run = Run(CAMERA, "/tmp/stream.mp4", *SMALL, "--report", "json", "--report-file", "/tmp/stream.json")
    if not check("stream: frames come", run.wait_for(lambda: run.frames >= 5, 200), run.text()):
        run.end(signal.SIGKILL)
        return
    check("stream: the start line names camera and mode",
          run.line(r"in +vivid \(platform:vivid-000\)  320x180 \w+ [\d.]+ fps") is not None, run.text())

    # The first sleeps meanwhile: it holds the camera, and leaves the slow processor to the second.
    run.process.send_signal(signal.SIGSTOP)
    other = Run(CAMERA, "null:", *SMALL)
    status = other.end()
    run.process.send_signal(signal.SIGCONT)
    check("busy: a second program ends with 69", status == 69, status)
    check("busy: it names the first", other.line(rf"used by roadmask \(pid {run.process.pid}\).*RM-CAM-001")
          is not None, other.text())

    for _ in range(3):
        control("Inject V4L2_BUF_FLAG_ERROR")
        run.more_frames(3)
    control("Wrap Timestamp")
    check("wrap: frames go on when the camera's clock wraps", run.more_frames(20), run.text())
    control("Wrap Sequence Number")
    check("wrap: frames go on when the camera's counter wraps", run.more_frames(5), run.text())
    control("Wrap Timestamp", 0)
    control("Wrap Sequence Number", 0)
    run.more_frames(5)
    begin = time.monotonic()
    status = run.end(signal.SIGTERM)
    check("stream: SIGTERM ends it with 143", status == 143, f"{status}, {time.monotonic() - begin:.1f} s")
    report = load("/tmp/stream.json")
    check("stream: the ledger balances", balanced(report) and report["frames"]["out"] > 0, report["frames"])
    check("damage: three damaged buffers are counted, exactly",
          report["dropped"].get("decode", {}).get("corrupt") == 3, report["dropped"])
    check("stream: every frame is in the file", count_frames("/tmp/stream.mp4") == report["frames"]["out"],
          count_frames("/tmp/stream.mp4"))
    times = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "packet=pts_time", "-of", "csv=p=0",
         "/tmp/stream.mp4"], capture_output=True, text=True, timeout=300).stdout.split()
    times = sorted(float(text.rstrip(",")) for text in times)
    check("wrap: time in the file runs on, without a jump",
          all(0 < b - a < 300 for a, b in zip(times, times[1:])) and times[-1] < 1800, times[-1])

    run = Run(CAMERA, "/tmp/part.mp4", *SMALL, "-t", "5", "--report", "json", "--report-file", "/tmp/part.json")
    status = run.end(limit=300)
    report = load("/tmp/part.json") if status == 0 else {}
    check("stream: -t 5 ends by itself", status == 0 and balanced(report) and 3 <= report["media_s"] <= 6,
          run.text() if status else f"media {report['media_s']} s, {report['frames']}, age {report['age_ms']}")


def lost():
    stall = ["--set", "source.timeout.stall=2s"]
    away = Run(CAMERA, "null:", *SMALL, *stall, "--reconnect", "never")
    silent = Run(OTHER, "null:", *SMALL, *stall, "--reconnect", "never")
    if not check("lost: frames come", away.wait_for(lambda: away.frames >= 3, 300)
                 and silent.wait_for(lambda: silent.frames >= 3, 300), Said(away.text() + silent.text())):
        away.end(signal.SIGKILL), silent.end(signal.SIGKILL)
        return
    control("Percentage of Dropped Buffers", 100, OTHER)
    control("Disconnect")
    begin = time.monotonic()
    away_status, silent_status = away.end(), silent.end()
    gone, stalled = away.line("RM-NET-002"), silent.line("RM-NET-003")
    check("lost: unplugged without reconnecting ends with 69", away_status == 69 and gone is not None,
          f"{away_status}, after {gone - begin:.2f} s" if gone else away.text())
    check("lost: silent without reconnecting ends with 69", silent_status == 69 and stalled is not None,
          f"{silent_status}, after {stalled - begin:.2f} s" if stalled else silent.text())
    control("Percentage of Dropped Buffers", 0, OTHER)


def reconnect():
    stall = ["--set", "source.timeout.stall=2s"]
    run = Run(CAMERA, "/tmp/back.mp4", *SMALL, *stall, "--reconnect", "forever", "--report", "json",
              "--report-file", "/tmp/back.json")
    if not check("back: frames come", run.wait_for(lambda: run.frames >= 3, 300), run.text()):
        run.end(signal.SIGKILL)
        return
    noticed, back, handles, held = [], [], [], 0
    for cycle in range(CYCLES):
        # A handle of ours keeps the camera away for a moment.
        holder = Vivid(CAMERA)
        begin = time.monotonic()
        holder.set("Disconnect")
        if run.wait_for(lambda: run.progress.get("state") == "offline" or run.line("gone|unplugged|no such device",
                                                                                  begin) is not None, 20):
            noticed.append((run.line("gone|unplugged|no such device", begin) or time.monotonic()) - begin)
        time.sleep(0.3)
        holder.close()
        begin = time.monotonic()
        if run.wait_for(lambda: run.line("back after", begin) is not None, 60):
            back.append(run.line("back after", begin) - begin)
        held += run.more_frames(2, 60)
        handles.append((run.descriptors(), run.threads()))
    check(f"back: {CYCLES} times unplugged, noticed within 1 s", len(noticed) == CYCLES and max(noticed) <= 1,
          f"{len(noticed)} times, at most {max(noticed, default=0):.2f} s")
    check(f"back: {CYCLES} times plugged in, frames go on", len(back) == CYCLES and held == CYCLES,
          f"{len(back)} times, median {sorted(back)[len(back) // 2] if back else 0:.2f} s, "
          f"at most {max(back, default=0):.2f} s; {run.text()}")
    check("back: descriptors stay the same", len({files for files, _ in handles}) == 1, sorted(set(handles)))

    holder = Vivid(CAMERA)
    holder.set("Disconnect")
    run.wait_for(lambda: run.progress.get("state") == "offline", 20)
    time.sleep(1)
    before, begin = run.processor(), time.monotonic()
    time.sleep(8)
    share = (run.processor() - before) / (time.monotonic() - begin)
    holder.close()
    # An emulated processor is many times slower.
    check("back: waiting costs little", share < (0.5 if EMULATED else 0.05), f"{100 * share:.1f} % of a core")
    check("back: frames go on after a longer absence", run.more_frames(2, 60), run.text())

    driver = "/sys/bus/platform/drivers/vivid/"
    begin = time.monotonic()
    with open(driver + "unbind", "w") as file:
        file.write("vivid.0")
    check("back: the node vanishes", run.wait_for(lambda: run.line("gone|unplugged|no such device|not plugged",
                                                                   begin), 20) and not os.path.exists(CAMERA))
    time.sleep(0.5)
    with open(driver + "bind", "w") as file:
        file.write("vivid.0")
    check("back: the node returns, frames go on",
          run.wait_for(lambda: run.line("back after", begin) is not None, 120) and run.more_frames(5), run.text())

    begin = time.monotonic()
    control("Percentage of Dropped Buffers", 100)
    check("back: a silent camera is noticed", run.wait_for(
        lambda: run.progress.get("state") in ("stalled", "offline") or run.line("no picture", begin), 20),
        f"{time.monotonic() - begin:.1f} s")
    control("Percentage of Dropped Buffers", 0)
    check("back: frames go on after silence", run.more_frames(5), run.text())
    control("Inject Fatal Streaming Error")
    check("back: frames go on after a fatal error of the driver", run.more_frames(10), run.text())
    status = run.end(signal.SIGINT)
    report = load("/tmp/back.json")
    check("back: SIGINT ends it with 130", status == 130, status)
    check("back: the ledger balances", balanced(report), report["frames"])
    check("back: all in one file", count_frames("/tmp/back.mp4") == report["frames"]["out"],
          count_frames("/tmp/back.mp4"))


def kill():
    run = Run(OTHER, "/tmp/kill.mp4", *SMALL)
    check("kill: frames come", run.wait_for(lambda: run.frames >= 60, 300), run.frames)
    written = run.frames
    run.end(signal.SIGKILL)
    played = count_frames("/tmp/kill.mp4")
    # A fragment is half a second long.
    check("kill: all but the last second plays", played is not None and played >= written - 10,
          f"{played} of at least {written}")


def output():
    output = next((f"/dev/video{number}" for number in range(8)
                   if os.path.exists(f"/sys/class/video4linux/video{number}")
                   and "vid-out" in open(f"/sys/class/video4linux/video{number}/name").read()), None)
    run = Run("test:street?size=320x180&rate=30&seconds=1", "null:", "-o", f"v4l2://{output}", "--infer-size",
              "96x64", "--report", "json", "--report-file", "/tmp/output.json")
    status = run.end(limit=300)
    outputs = load("/tmp/output.json")["outputs"] if status == 0 else run.text()
    check("output: frames go into a video device", status == 0 and outputs[-1]["written"] == 30, outputs)
    file, form = os.open(output, os.O_RDWR), bytearray(208)
    form[0] = 2  # V4L2_BUF_TYPE_VIDEO_OUTPUT
    fcntl.ioctl(file, 0xC0D05604, form)  # VIDIOC_G_FMT
    os.close(file)
    width, height = (int.from_bytes(form[place:place + 4], "little") for place in (8, 12))
    check("output: in the format that all programs read, and in the size of the source",
          (form[16:20], width, height) == (b"YUYV", 320, 180), (bytes(form[16:20]), width, height))


if os.path.exists("/sys/class/video4linux/video1"):
    names = {number: open(f"/sys/class/video4linux/video{number}/name").read().strip() for number in range(3)
             if os.path.exists(f"/sys/class/video4linux/video{number}")}
    cameras = [f"/dev/video{number}" for number, name in sorted(names.items()) if "vid-cap" in name]
    CAMERA, OTHER = cameras[0], cameras[-1]
os.environ["ROADMASK_MODELS"] = MODELS
for step in STEPS:
    begin = time.monotonic()
    try:
        globals()[step]()
    except Exception as error:  # one step must not hide the others
        check(f"{step}: the test itself", False, repr(error))
    print(f"# {step}: {time.monotonic() - begin:.0f} s", flush=True)
print(f"# {failures} failed; {time.clock_gettime(time.CLOCK_BOOTTIME):.0f} s since the machine started", flush=True)
sys.exit(1 if failures else 0)
