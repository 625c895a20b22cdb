// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import Frames
internal import Pixels

/// Writes what stages give, a file for each frame, to look at or to compare: `DIR/000000.png` of pictures and labels,
/// `DIR/000000.npy` of tensors, numbered by the frames of the source.
///
/// Each function is for one stage, which alone calls it.
struct StageTaps {
  let folders: PipelineConfig.Taps
  let overwrite: Bool
  let palette: Palette
  /// Inputs and logits of the run's networks.
  let networks: [NetworkForm]

  /// What `decode` gives, as an RGB picture.
  var decode: ((DecodedFrame) throws -> Void)? {
    pictures(in: folders.decode) { writer, path, item in try writer.write(item.frame, to: path(item.frame)) }
  }

  /// What the network takes: `[rows][columns][3]`, u8 or f32.
  var resize: ((ModelInput) throws -> Void)? {
    arrays(in: folders.resize) { (item: ModelInput) in
      guard let tensor = item.tensor else { return nil }
      let input = networks[item.choice.variant].input
      return (
        item.decoded.frame,
        NumericArray(
          tensor.value.pointer, dtype: input.dtype, rows: input.rows, columns: input.columns, channels: 3)
      )
    }
  }

  /// What the network gives: `[rows][columns][classes]`, u8 or f32.
  var infer: ((Logits) throws -> Void)? {
    arrays(in: folders.infer) { (item: Logits) in
      guard let tensor = item.tensor else { return nil }
      let logits = networks[item.choice.variant].logits
      return (
        item.decoded.frame,
        NumericArray(
          tensor.value.pointer, dtype: logits.dtype, rows: logits.rows, columns: logits.columns,
          channels: logits.classes, pixelStride: logits.pixelStride)
      )
    }
  }

  /// The class of each pixel, as a picture with a palette.
  var argmax: ((LabelledFrame) throws -> Void)? {
    var colors = Array(repeating: RGB(0, 0, 0), count: 256)
    for (id, color) in palette.colors.enumerated() { colors[id] = RGB(color.red, color.green, color.blue) }
    return pictures(in: folders.argmax) { [colors] writer, path, item in
      try writer.write(item.labels.value, palette: colors, to: path(item.decoded.frame))
    }
  }

  /// The picture with its labels drawn; the source's where no output wants a drawn one.
  var overlay: ((DrawnFrame) throws -> Void)? {
    pictures(in: folders.overlay) { writer, path, item in
      try writer.write(item.picture ?? item.decoded.frame, to: path(item.decoded.frame))
    }
  }

  private func pictures<Item>(
    in folder: String?, _ write: @escaping (ImageWriter, (Frame) -> String, Item) throws -> Void
  ) -> ((Item) throws -> Void)? {
    guard let folder else { return nil }
    let writer = ImageWriter(overwrite: overwrite)
    return { item in try write(writer, { StageTaps.path(folder, $0, "png") }, item) }
  }

  private func arrays<Item>(
    in folder: String?, _ array: @escaping (Item) -> (frame: Frame, array: NumericArray)?
  ) -> ((Item) throws -> Void)? {
    guard let folder else { return nil }
    let overwrite = overwrite
    return { item in
      guard let (frame, array) = array(item) else { return }
      let file = try TextFile(StageTaps.path(folder, frame, "npy"), overwrite: overwrite)
      try file.append(array.npy)
      try file.finish()
    }
  }

  static func path(_ folder: String, _ frame: Frame, _ ending: String) -> String {
    let number = Format.left("\(frame.index)", 6, with: "0")
    return "\(folder.hasSuffix("/") ? String(folder.dropLast()) : folder)/\(number).\(ending)"
  }
}

/// Numbers of a tensor `[rows][columns][channels]`, without the gaps between its pixels.
struct NumericArray {
  let npy: [UInt8]

  /// - Parameter pixelStride: numbers from a pixel to the next; at least `channels`.
  init(
    _ values: UnsafeRawPointer, dtype: DType, rows: Int, columns: Int, channels: Int, pixelStride: Int? = nil
  ) {
    let kind: String =
      switch dtype {
      case .uint8: "|u1"
      case .float32: "<f4"
      default: preconditionFailure("networks take and give bytes or floats, no \(dtype)")
      }
    let size = dtype.byteCount
    var bytes = NumericArray.header(kind, [rows, columns, channels])
    let stride = (pixelStride ?? channels) * size
    for pixel in 0..<rows * columns {
      bytes += UnsafeRawBufferPointer(start: values + pixel * stride, count: channels * size)
    }
    npy = bytes
  }

  /// The head of a file of format 1.0, of a length that is a multiple of 64.
  private static func header(_ kind: String, _ shape: [Int]) -> [UInt8] {
    let sides = shape.map(String.init).joined(separator: ", ")
    var text = "{'descr': '\(kind)', 'fortran_order': False, 'shape': (\(sides)), }"
    text = Format.right(text, (text.utf8.count + 11 + 63) / 64 * 64 - 11) + "\n"
    let count = text.utf8.count
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(count & 255), UInt8(count >> 8)] + Array(text.utf8)
  }
}
