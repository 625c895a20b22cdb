// SPDX-License-Identifier: Apache-2.0

internal import Buffers
public import Evaluation
internal import Foundation
internal import Frames
internal import Pixels
internal import Scenes
public import Stages

/// The three ways to say what is compared.
extension Assessment {
  public static var camVidNames: [String] { Palette.camvid.names }

  /// A model on pictures. Values of the label pictures beyond the classes must be in `ignore`.
  ///
  /// - Parameters:
  ///   - isFilm: the pictures follow each other in time.
  ///   - other: a model whose labels in fp32 are held beside.
  public static func pictures(
    _ images: String, labels: String, isFilm: Bool, ignore: [UInt8], config: PipelineConfig, model: String?,
    against other: String? = nil
  ) throws -> Assessment {
    let reader = try ImageSequenceReader(images)
    let (labeler, names) = try labeler(for: reader.info, config: config, model: model)
    let beside = try other.map { try self.beside($0, for: reader.info, config: config) }
    let ignored = Set(ignore.isEmpty ? [UInt8(names.count), 255] : ignore)
    var result = Assessment(names: names, isFilm: isFilm)
    for path in reader.paths {
      guard let frame = try reader.next() else { break }
      let truth = try label(of: path, in: labels, width: frame.width, height: frame.height)
      if let odd = truth.first(where: { $0 >= names.count && !ignored.contains($0) }) {
        throw Problem(
          .badData, "RM-EVAL-001", "label picture of \(path) holds \(odd), which is no class",
          hint: "classes are 0 to \(names.count - 1); --ignore \(odd) leaves such pixels out")
      }
      let prediction = try labeler.labels(of: frame)
      result.add(
        prediction: prediction.value, truth: LabelMap(truth, width: frame.width, height: frame.height))
      if let beside { result.add(prediction.value, beside: try beside.labels(of: frame).value) }
    }
    return result
  }

  /// A model on a drawn street.
  public static func drawn(
    _ uri: String, config: PipelineConfig, model: String?, against other: String? = nil
  ) throws -> Assessment {
    guard case .street(let parameters) = try TestSource.parse(uri) else {
      throw Problem(.usage, "RM-USE-005", "\(uri) knows no classes", hint: "test:street does")
    }
    let scene = StreetScene(parameters)
    guard let count = scene.frameCount else {
      throw Problem(.usage, "RM-USE-005", "\(uri) never ends", hint: "add seconds=10")
    }
    let info = try SourceInfo.probe(config)
    let (labeler, names) = try labeler(for: info, config: config, model: model)
    guard names == camVidNames else {
      throw Problem(
        .usage, "RM-EVAL-002", "the model's classes are not those of test:street",
        hint: "it draws \(camVidNames.joined(separator: ", "))")
    }
    let beside = try other.map { try self.beside($0, for: info, config: config) }
    let renderer = StreetRenderer(scene: scene)
    let truth = LabelMap(width: info.width, height: info.height)
    var result = Assessment(names: names, isFilm: true)
    for index in 0..<count {
      let picture = Picture(
        format: .yuv420p, width: info.width, height: info.height, matrix: info.color.matrix,
        range: info.color.range)
      renderer.render(frame: index, into: picture.view, labels: truth)
      let frame = Frame(picture, index: index, pts: Int64(index), duration: 1, timeBase: info.timeBase)
      let prediction = try labeler.labels(of: frame)
      result.add(prediction: prediction.value, truth: truth)
      if let beside { result.add(prediction.value, beside: try beside.labels(of: frame).value) }
    }
    return result
  }

  /// Two label videos, frame by frame.
  public static func videos(pred: String, truth: String, names: [String]) throws -> Assessment {
    let (a, b) = (try VideoReader(pred), try VideoReader(truth))
    for (path, reader) in [(pred, a), (truth, b)] where reader.info.video.format != .gray8 {
      throw Problem(
        .badData, "RM-EVAL-003", "\(path) is no label video: its pixels are \(reader.info.storedFormat)",
        hint: "label videos are gray, as --mask and --truth write them")
    }
    guard a.info.width == b.info.width, a.info.height == b.info.height else {
      throw Problem(
        .badData, "RM-EVAL-004",
        "\(pred) is \(a.info.width)x\(a.info.height), \(truth) is \(b.info.width)x\(b.info.height)",
        hint: "labels are compared pixel by pixel")
    }
    var result = Assessment(names: names, isFilm: true)
    while true {
      switch (try a.next(), try b.next()) {
      case (let prediction?, let truth?):
        result.add(prediction: LabelMap(prediction), truth: LabelMap(truth))
      case (nil, nil):
        return result
      case (let longer, _):
        throw Problem(
          .badData, "RM-EVAL-004",
          "\(longer == nil ? pred : truth) ends after \(result.frames) frames, the other goes on",
          hint: "both must be made from the same frames")
      }
    }
  }

  private static func labeler(
    for info: SourceInfo, config: PipelineConfig, model: String?
  ) throws -> (FrameLabeler, names: [String]) {
    let path = try ModelStore.path(of: model, precision: config.model.precision)
    let loaded = try LoadedModel(
      path: path, level: config.usableLevel(), precision: config.model.precision,
      picture: { config.pictureSize(for: info, like: $0) },
      insists: config.model.size != nil)
    let inference = try loaded.inference(threads: config.threadBudget)
    return (
      FrameLabeler(source: info, config: config, inference: inference), loaded.description.palette.names
    )
  }

  /// A labeler in fp32, in the same size.
  private static func beside(_ model: String, for info: SourceInfo, config: PipelineConfig) throws
    -> FrameLabeler
  {
    var config = config
    config.model.precision = .fp32
    return try labeler(for: info, config: config, model: model).0
  }

  private static func label(of picture: String, in folder: String, width: Int, height: Int) throws -> [UInt8]
  {
    let stem = URL(fileURLWithPath: picture).deletingPathExtension().lastPathComponent
    let path = folder + "/" + stem + ".png"
    let image = try LabelImageReader.read(path)
    guard image.width == width, image.height == height else {
      throw Problem(
        .badData, "RM-EVAL-004", "\(path) is \(image.width)x\(image.height), its picture \(width)x\(height)",
        hint: "a label picture has the size of its picture")
    }
    return image.labels
  }
}

extension Assessment {
  /// `{"v":1,"type":"eval",…}` with shares in 0…1; classes that are not present are null.
  public var json: String {
    let scores = Scores(matrix)
    var json = JSONText()
    json.object { json in
      json.integer("v", 1)
      json.string("type", "eval")
      json.integer("frames", frames)
      json.integer("pixels", Int(scores.pixels))
      json.number("pixel_accuracy", scores.pixelAccuracy, places: 6)
      json.number("miou", scores.meanIoU, places: 6)
      json.object("iou") { json in
        for (name, share) in zip(names, scores.iou) { json.number(named: name, share, places: 6) }
      }
      json.number("boundary_f", boundary.mean, places: 6)
      json.object("boundary") { json in
        for (name, share) in zip(names, boundary.scores) { json.number(named: name, share, places: 6) }
      }
      json.number("consistency", consistency?.share, places: 6)
      json.number("agreement", agreement?.share, places: 6)
      json.array("confusion", names.indices) { json, truth in
        json.array(nil, names.indices) { json, prediction in
          json.integer(nil, Int(matrix[truth: truth, prediction: prediction]))
        }
      }
    }
    return json.text
  }
}

extension LabelMap {
  /// Labels without gaps, row by row.
  convenience init(_ labels: [UInt8], width: Int, height: Int) {
    self.init(width: width, height: height)
    labels.withUnsafeBufferPointer { labels in
      for row in 0..<height {
        (pixels + row * rowBytes).update(from: labels.baseAddress! + row * width, count: width)
      }
    }
  }

  /// The values of a gray picture.
  convenience init(_ frame: Frame) {
    self.init(width: frame.width, height: frame.height)
    frame.withView { view in
      for row in 0..<height {
        (pixels + row * rowBytes).update(
          from: view.planes.0.base + row * view.planes.0.rowBytes, count: width)
      }
    }
  }
}
