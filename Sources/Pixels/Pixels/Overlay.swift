// SPDX-License-Identifier: Apache-2.0

public import Buffers
internal import CKernels
public import CPU

/// What the output shows.
public enum OverlayView: String, Sendable, Hashable, CaseIterable {
  /// The palette blended over the picture.
  case overlay
  /// The palette alone; black where nothing is drawn.
  case mask
  /// The picture and, to its right, the overlay.
  case side
}

/// Draws labels on pictures of one kind, in the picture's own YUV.
///
/// Where the alpha is 0, and where a label has no class, the bytes stay the source's. A chroma sample gets the
/// mean of what the labels that it covers ask for.
public final class Overlay: Sendable {
  /// Of the pictures that are drawn on.
  public let kind: PictureKind
  public let view: OverlayView

  private let kernels: PixelKernels
  /// An `rm_overlay_palette`.
  private let palette: AlignedBytes

  /// - Parameters:
  ///   - alpha: how much of each class's colour shows, 0…1, rounded to 1/128.
  public init(
    of kind: PictureKind, palette: Palette, alpha: [Float], view: OverlayView = .overlay,
    level: CPULevel = .best
  ) {
    precondition(alpha.count == palette.colors.count, "an alpha for each of \(palette.colors.count) classes")
    precondition(alpha.allSatisfy { $0 >= 0 && $0 <= 1 }, "alpha from 0 to 1: \(alpha)")
    precondition(kind.width > 0 && kind.height > 0, "an empty picture")
    self.kind = kind
    self.view = view
    kernels = PixelKernels(level)
    self.palette = AlignedBytes(count: MemoryLayout<rm_overlay_palette>.size)
    self.palette.pointer.initializeMemory(
      as: rm_overlay_palette.self,
      to: Overlay.table(palette, alpha, ColorConversion(matrix: kind.matrix, range: kind.range), view))
  }

  /// One alpha for all classes but the `ignored` ones. A mask has no use for it.
  public convenience init(
    of kind: PictureKind, palette: Palette, alpha: Float = 0.5, ignored: Set<Int> = [],
    view: OverlayView = .overlay, level: CPULevel = .best
  ) {
    self.init(
      of: kind, palette: palette,
      alpha: palette.colors.indices.map { ignored.contains($0) ? 0 : view == .mask ? 1 : alpha }, view: view,
      level: level)
  }

  private var format: PixelFormat { kind.format }
  private var width: Int { kind.width }
  private var height: Int { kind.height }

  /// Where the drawn picture begins in the destination: right of a copy of the source, at an even column.
  public var drawnColumn: Int { view == .side ? (width + 1) / 2 * 2 : 0 }

  /// The destination's width; its height is the source's.
  public var outputWidth: Int { view == .side ? 2 * drawnColumn : width }

  /// How many rows a range for `blend` must begin at a multiple of.
  public var rowStep: Int { 1 << format.chromaShiftY }

  /// Draws `rows`, which begin at a multiple of `rowStep` and end at one or with the picture. Source and
  /// destination may be one picture unless the view is `.side`. Ranges that do not overlap may run at the same
  /// time.
  public func blend(
    _ source: PictureView, _ labels: LabelMap, into destination: PictureView, rows: Range<Int>
  ) {
    precondition(source.format == format && destination.format == format, "pictures of another format")
    precondition(source.width == width && source.height == height, "a source of another size")
    precondition(labels.width == width && labels.height == height, "a label map of another size")
    precondition(
      destination.width == outputWidth && destination.height == height, "a destination of another size")
    precondition(
      rows.lowerBound >= 0 && rows.upperBound <= height && rows.lowerBound % rowStep == 0
        && (rows.upperBound % rowStep == 0 || rows.upperBound == height), "rows \(rows)")
    if view == .side { copy(source, into: destination, rows) }
    for row in rows {
      plane(0, source.planes.0, labels, destination.planes.0, row)
      if format == .yuv444p {
        plane(1, source.planes.1, labels, destination.planes.1, row)
        plane(2, source.planes.2, labels, destination.planes.2, row)
      }
    }
    guard format.chromaShiftX == 1 else { return }
    let chromaRows = rows.lowerBound / rowStep..<(rows.upperBound + rowStep - 1) / rowStep
    for row in chromaRows { chroma(source, labels, destination, row) }
  }

  /// Draws the whole picture.
  public func blend(_ source: PictureView, _ labels: LabelMap, into destination: PictureView) {
    blend(source, labels, into: destination, rows: 0..<height)
  }

  private var table: UnsafePointer<rm_overlay_palette> {
    UnsafePointer(palette.pointer.assumingMemoryBound(to: rm_overlay_palette.self))
  }

  private func plane(_ index: Int, _ source: PlaneView, _ labels: LabelMap, _ out: PlaneView, _ row: Int) {
    kernels.table.pointee.overlay_plane.function(
      source.base + row * source.rowBytes, labels.pixels + row * labels.rowBytes, table, Int32(index), width,
      out.base + row * out.rowBytes + drawnColumn)
  }

  private func chroma(_ source: PictureView, _ labels: LabelMap, _ out: PictureView, _ row: Int) {
    let upper = labels.pixels + row * rowStep * labels.rowBytes
    let lower = labels.pixels + min(row * rowStep + rowStep - 1, height - 1) * labels.rowBytes
    func at(_ plane: PlaneView, _ column: Int) -> UnsafeMutablePointer<UInt8> {
      plane.base + row * plane.rowBytes + column
    }
    if format == .nv12 {
      kernels.table.pointee.overlay_chroma_pairs.function(
        at(source.planes.1, 0), upper, lower, table, width, at(out.planes.1, drawnColumn))
    } else {
      kernels.table.pointee.overlay_chroma.function(
        at(source.planes.1, 0), at(source.planes.2, 0), upper, lower, table, width,
        at(out.planes.1, drawnColumn / 2), at(out.planes.2, drawnColumn / 2))
    }
  }

  /// Copies the source to the left, its last column again where the copy is wider.
  private func copy(_ source: PictureView, into destination: PictureView, _ rows: Range<Int>) {
    for index in 0..<format.planeCount {
      let from = Overlay.plane(index, of: source)
      let to = Overlay.plane(index, of: destination)
      let step = index == 0 ? 1 : rowStep
      let bytes = format.planeSize(index, width: width, height: height).rowBytes
      let wide = format.planeSize(index, width: drawnColumn, height: height).rowBytes
      for row in rows.lowerBound / step..<(rows.upperBound + step - 1) / step {
        let out = to.base + row * to.rowBytes
        out.update(from: from.base + row * from.rowBytes, count: bytes)
        if wide > bytes { (out + bytes).update(repeating: out[bytes - 1], count: wide - bytes) }
      }
    }
  }

  private static func plane(_ index: Int, of picture: PictureView) -> PlaneView {
    switch index {
    case 0: picture.planes.0
    case 1: picture.planes.1
    default: picture.planes.2
    }
  }

  private static func table(
    _ palette: Palette, _ alpha: [Float], _ conversion: ColorConversion, _ view: OverlayView
  ) -> rm_overlay_palette {
    var result = rm_overlay_palette()
    let opaque = UInt8(1 << RM_ALPHA_BITS)
    let black = conversion.yuv(red: 0, green: 0, blue: 0)
    result.labels = Int32(max(16, (palette.colors.count + 15) / 16 * 16))
    withUnsafeMutableBytes(of: &result.colors) { colors in
      withUnsafeMutableBytes(of: &result.alpha) { alphas in
        for label in 0..<256 {
          let drawn = label < palette.colors.count && alpha[label] > 0
          let color = drawn ? palette.colors[label] : Palette.Color(0, 0, 0)
          let yuv = drawn ? conversion.yuv(red: color.red, green: color.green, blue: color.blue) : black
          colors[label] = yuv.0
          colors[256 + label] = yuv.1
          colors[512 + label] = yuv.2
          if view == .mask {
            alphas[label] = opaque
          } else {
            alphas[label] = drawn ? UInt8((alpha[label] * Float(opaque)).rounded()) : 0
          }
        }
      }
    }
    return result
  }
}
