// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import Frames

/// How many of each thing a run can have at once. Pools are made this large, and the memory ceiling is
/// their sum.
struct FlightPlan: Equatable {
  /// Places of a queue in front of `resize` or `infer`, and of the others.
  let gate: Int
  let places: Int
  /// Places in front of `infer`.
  let inferGate: Int
  /// Label maps that wait for frames to come.
  let keptLabels: Int
  /// Frames that outputs may hold beyond the one that `encode` delivers.
  let held: Int

  init(policy: OverloadPolicy, places: Int, skips: Bool = false, held: Int = 0) {
    self.places = places
    self.held = held
    gate = policy == .latest ? 1 : places
    inferGate = skips ? Adaptation.longestStride : gate
    keptLabels = skips ? 1 : 0
  }

  /// In the hands of the stage that makes it, in the queues, in the hands of the stage that uses it up, and
  /// one more while a queue swaps the waiting one.
  var modelInputs: Int { 1 + inferGate + 1 + 1 }
  var logits: Int { 1 + places + 1 }
  var labelMaps: Int { 1 + places + 1 + places + 1 + keptLabels + held }
  var frames: Int { 1 + gate + 1 + inferGate + 1 + places + 1 + places + 1 + places + 1 + 2 + held }
  var drawnFrames: Int { 1 + places + 1 + held }
}

/// The most memory that a run takes, in bytes.
///
/// Buffers of ours are exact. What the codecs hold is estimated on the high side: a full set of reference
/// pictures in the decoder, one picture for each of its threads, and for each video output the look-ahead
/// and references of the encoder.
struct MemoryCeiling {
  static let decoderPictures = 18
  static let encoderPictures = 64
  /// The HTTP server, and a picture for each of its clients.
  static let web = 60_000_000

  /// What the process has before the run: code, weights, working memory of the network.
  var base: Int
  var flight: FlightPlan
  var video: VideoFormat
  var inputBytes: Int
  var logitBytes: Int
  var hasTruth: Bool
  var drawnWidth: Int
  var videoOutputs: Int
  var labelOutputs: Int
  var hasWeb: Bool
  var threads: ThreadBudget

  var bytes: Int {
    func picture(_ width: Int) -> Int {
      (0..<video.format.planeCount).reduce(0) { sum, plane in
        let size = video.format.planeSize(plane, width: width, height: video.height)
        return sum + (size.rowBytes + 127) / 64 * 64 * size.rows
      }
    }
    let frame = picture(video.width), drawn = picture(drawnWidth)
    let map = (video.width + 63) / 64 * 64 * video.height
    let decoder = (MemoryCeiling.decoderPictures + threads.decoderThreads) * frame
    let encoder = videoOutputs * (MemoryCeiling.encoderPictures + 2 * threads.encoderThreads) * drawn
    let labelEncoder = labelOutputs * (8 + 2 * threads.encoderThreads) * map
    return base + flight.frames * frame + flight.drawnFrames * drawn
      + flight.modelInputs * inputBytes + flight.logits * logitBytes
      + flight.labelMaps * map + (hasTruth ? flight.frames * map : 0)
      + decoder + encoder + labelEncoder + (hasWeb ? MemoryCeiling.web : 0) + 32_000_000
  }
}
