// SPDX-License-Identifier: Apache-2.0

internal import Frames

extension Report {
  /// The report object on one line, without a newline.
  public var json: String {
    var json = JSONText()
    json.object { json in
      json.integer("v", 1)
      json.string("type", "report")
      json.string("version", version)
      json.integer("exit", exit)
      json.string("pipeline", pipeline)
      json.string("policy", policy.rawValue)
      writeInput(&json)
      writeModel(&json)
      json.object("machine") { json in
        json.string("cpu", machine.cpu)
        json.string("level", machine.level)
        json.integer("threads", machine.threads)
        json.string("ffmpeg", machine.ffmpeg)
        json.boolean("throttled", isThrottled)
        json.number("temp_c", process.temperature, places: 1)
      }
      json.frames(figures.ledger)
      json.dropped(figures.ledger)
      json.integer("warmup_frames", figures.warmupFrames)
      json.number("wall_s", figures.wallSeconds, places: 3)
      json.number("media_s", figures.mediaSeconds, places: 3)
      json.number("speed", figures.speed, places: 3)
      json.number("out_fps", figures.outRate, places: 2)
      json.durations("age_ms", figures.age)
      json.stages(figures.stages, isFinal: true)
      if let adaptation = figures.adaptation { json.adaptation(adaptation) }
      json.outputs(outputs)
      json.string("bottleneck", figures.bottleneck?.name.rawValue)
      json.string("next_limit", figures.nextLimit?.name.rawValue)
      json.number("argmax_overlay_share_of_infer", figures.shareAfterInfer, places: 4)
      json.number("cpu_cores", cpuCores, places: 2)
      json.integer("rss_peak_bytes", process.peakResidentBytes)
      json.integer("reconnects", reconnects)
      json.integer("missing_frames", missingFrames)
      json.damage(damage)
      json.strings("kept", kept)
      json.strings("left_out", leftOut)
    }
    return json.text
  }

  private func writeInput(_ json: inout JSONText) {
    json.object("input") { json in
      json.string("uri", input.uri)
      json.string("codec", input.codec)
      json.integer("width", input.width)
      json.integer("height", input.height)
      json.number("rate_fps", input.rate, places: 3)
      json.boolean("vfr", input.isVariableRate)
      json.string("matrix", input.matrix)
      json.string("range", input.range)
    }
  }

  private func writeModel(_ json: inout JSONText) {
    guard let model else { return }
    json.object("model") { json in
      json.string("name", model.name)
      json.string("sha256", model.sha256)
      json.string("precision", model.precision)
      json.boolean("exact", model.isExact)
      json.integer("width", model.width)
      json.integer("height", model.height)
      json.integer("classes", model.classes)
      json.string("license", model.license)
    }
  }
}

extension JSONText {
  mutating func outputs(_ outputs: [Report.Output]) {
    array("outputs", outputs) { json, output in
      json.object { json in
        json.string("uri", output.uri)
        json.string("kind", output.kind)
        json.integer("written", output.written)
        json.integer("dropped", output.dropped)
        json.integer("failed", output.failed)
        json.integer("errors", output.errors)
        if let bytes = output.bytes { json.integer("bytes", Int(bytes)) }
      }
    }
  }

  /// `sizes` where the size changed, `strides` where frames were skipped.
  mutating func adaptation(_ figures: AdaptationFigures) {
    string("adapt", figures.mode.rawValue)
    integer("switches", figures.switches)
    if figures.mode == .skip { integer("labels_reused", figures.reused) }
    array(figures.mode == .skip ? "strides" : "sizes", figures.steps) { json, step in
      json.object { json in
        if let size = step.size {
          json.integer("width", size.width)
          json.integer("height", size.height)
        } else {
          json.integer("every", step.stride)
        }
        json.integer("frames", step.frames)
        json.number("s", step.seconds, places: 3)
      }
    }
  }

  mutating func damage(_ damage: SourceDamage) {
    object("damage") { json in
      json.integer("packets", damage.packets)
      json.integer("frames", damage.frames)
      json.integer("timestamps", damage.timestamps)
      json.number("missing_s", damage.missingSeconds, places: 3)
    }
  }

  mutating func frames(_ ledger: Ledger, inFlight: Bool = false) {
    object("frames") { json in
      json.integer("in", ledger.in)
      json.integer("out", ledger.out)
      json.integer("dropped", ledger.dropped)
      json.integer("failed", ledger.failed)
      if inFlight { json.integer("in_flight", ledger.inFlight) }
    }
  }

  mutating func dropped(_ ledger: Ledger) {
    object("dropped") { json in
      for drop in ledger.dropList {
        json.object(named: drop.stage.rawValue) { json in
          for (reason, count) in drop.reasons { json.integer(named: reason.rawValue, count) }
        }
      }
    }
  }

  mutating func durations(_ key: StaticString, _ figures: DurationFigures?, isFinal: Bool = true) {
    guard let figures else { return string(key, nil) }
    object(key) { json in
      json.number("p50", figures.p50, places: 3)
      json.number("p95", figures.p95, places: 3)
      if isFinal {
        json.number("p99", figures.p99, places: 3)
        json.number("max", figures.max, places: 3)
        json.number("mean", figures.mean, places: 3)
      }
    }
  }

  /// All stages; while the run goes on with fewer figures and the depth of the moment.
  mutating func stages(_ stages: [StageFigures], isFinal: Bool) {
    object("stages") { json in
      for stage in stages {
        json.object(named: stage.name.rawValue) { json in
          if isFinal {
            json.integer("frames", stage.frames)
            json.number("capacity_fps", stage.capacity, places: 2)
          }
          json.durations("service_ms", stage.service, isFinal: isFinal)
          json.durations("wait_ms", stage.wait, isFinal: isFinal)
          if !isFinal {
            json.integer("queue", stage.queue?.current)
          } else if let queue = stage.queue {
            json.object("queue") { json in
              json.number("mean", queue.mean, places: 3)
              json.integer("max", queue.max)
            }
          } else {
            json.string("queue", nil)
          }
          json.number("busy", stage.busy, places: 4)
          json.number("blocked", stage.blocked, places: 4)
          // A stage has one loop.
          if isFinal { json.integer("lanes", 1) }
        }
      }
    }
  }
}
