// SPDX-License-Identifier: Apache-2.0

import Buffers
import Evaluation
import Foundation
import Frames
import Glibc
import Networks

enum SafetensorsTarget: FuzzTarget {
  static func run(_ bytes: [UInt8]) {
    guard let file = try? Safetensors.read(bytes: bytes) else { return }
    _ = try? file.bytes()
  }
}

/// A file in memory for readers that want a path.
private enum Scratch {
  static func with(_ bytes: [UInt8], ending: String, _ body: (String) throws -> Void) {
    let path = "/dev/shm/roadmask-fuzz-\(getpid())\(ending)"
    defer { unlink(path) }
    guard (try? Data(bytes).write(to: URL(fileURLWithPath: path))) != nil else { return }
    do { try body(path) } catch { _ = "\(error)" }
  }
}

/// A label picture, scored as `eval` scores it.
enum LabelsTarget: FuzzTarget {
  static let secondsLimit = 5.0

  static func run(_ bytes: [UInt8]) {
    Scratch.with(bytes, ending: ".png") { path in
      let image = try LabelImageReader.read(path)
      let map = LabelMap(width: image.width, height: image.height)
      for row in 0..<image.height {
        for column in 0..<image.width {
          map.pixels[row * map.rowBytes + column] = image.labels[row * image.width + column]
        }
      }
      var matrix = ConfusionMatrix(classes: 11)
      matrix.add(prediction: map, truth: map)
      _ = Scores(matrix).meanIoU
    }
  }
}

/// A picture, as a source of one frame.
enum PicturesTarget: FuzzTarget {
  static let secondsLimit = 5.0

  static func run(_ bytes: [UInt8]) {
    Scratch.with(bytes, ending: ".png") { path in
      let reader = try ImageSequenceReader(path)
      _ = reader.info.summary
      while let frame = try reader.next() { touch(frame) }
    }
  }
}

/// A film of any container, read twice with different options.
enum MediaTarget: FuzzTarget {
  static let secondsLimit = 10.0
  private static let frameLimit = 40

  static func run(_ bytes: [UInt8]) {
    Scratch.with(bytes, ending: ".media") { path in
      let sum = bytes.reduce(0 as UInt8, &+)
      var options = VideoReader.Options()
      options.connectTimeout = 4
      options.stallTimeout = 4
      try read(path, options)
      options.start = Double(sum & 3) / 2
      options.duration = 1
      options.stride = 1 + Int(sum >> 6)
      options.discardCorrupt = sum & 4 != 0
      try read(path, options)
    }
  }

  private static func read(_ path: String, _ options: VideoReader.Options) throws {
    let reader = try VideoReader(path, options: options)
    _ = reader.info.summary
    var last = Int64.min
    for _ in 0..<frameLimit {
      guard let frame = try reader.next() else { break }
      precondition(frame.pts > last, "time goes back")
      last = frame.pts
      touch(frame)
    }
    _ = (reader.damage, reader.trailingPackets.count)
  }
}

/// Reads both ends of every row, so that memory that is not there is found.
private func touch(_ frame: Frame) {
  frame.withView { view in
    let planes = [view.planes.0, view.planes.1, view.planes.2]
    for plane in 0..<view.format.planeCount {
      let size = view.format.planeSize(plane, width: view.width, height: view.height)
      var sum: UInt8 = 0
      for row in 0..<size.rows {
        let start = planes[plane].base + row * planes[plane].rowBytes
        sum &+= start[0] &+ start[size.rowBytes - 1]
      }
      last = sum
    }
  }
}

/// Keeps the reads above from being left out.
nonisolated(unsafe) private var last: UInt8 = 0
