// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Evaluation
import Runs
import Stages

struct EvalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Score labels against truth: accuracy, IoU, outlines, steadiness.",
    usage: "roadmask eval [<options>]",
    discussion: """
      Three ways to say what is compared:
        --images DIR --labels DIR         a model on pictures; labels have their names
        --source test:street?seconds=10   a model on a drawn street
        --pred MKV --truth MKV            two label videos that run wrote by --mask
                                          and --truth

      IoU and boundary F are means over the classes present; boundary F counts outline pixels within 3 pixels of \
      an outline of the same class. Steady is the share of pixels that keep their label where the true class stays \
      from one frame to the next.
      """)

  @Option(help: "A folder of pictures.") var images: String?
  @Option(help: "The folder of their label pictures (PNG, the value of a pixel is its class).") var labels:
    String?
  @Option(help: "A test: source.") var source: String?
  @Option(help: "A label video to score.") var pred: String?
  @Option(help: "The true label video.") var truth: String?
  @Option(name: .shortAndLong, help: "An installed model's name, or an .onnx file.") var model: String?
  @Option(help: "Numbers to run on: auto, fp32, fp16, bf16, int8.") var precision: String?
  @Option(help: "Also say how many pixels this model labels alike in fp32, a name or an .onnx file.")
  var against: String?
  @Option(help: "Size of the model's picture as WxH. (default: by the source's shape)") var inferSize: String?
  @Option(
    help: "Values that are no class in label pictures. (default: 255, and the one behind the last class)")
  var ignore: [UInt8] = []
  @Option(help: "CPU threads.") var threads: Int?
  @Option(help: "Use no instructions above this level.") var cpu: String?
  @Option(help: "Classes of the label videos, separated by commas. (default: CamVid's)") var classes: String?
  @Flag(help: "The pictures are frames of one film: tell how steady the labels are.") var film = false
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let outcome: Assessment
    if let pred, let truth, images == nil, source == nil {
      outcome = try Assessment.videos(pred: pred, truth: truth, names: classNames())
    } else if let images, let labels, pred == nil, source == nil {
      outcome = try Assessment.pictures(
        images, labels: labels, isFilm: film, ignore: ignore, config: config(images), model: model,
        against: against)
    } else if let source, pred == nil, images == nil {
      outcome = try Assessment.drawn(source, config: config(source), model: model, against: against)
    } else {
      throw Problem(
        .usage, "RM-USE-005", "it is not clear what to compare",
        hint: "give --images and --labels, or --source, or --pred and --truth")
    }
    print(json ? outcome.json : outcome.text)
  }

  private func config(_ uri: String) throws -> PipelineConfig {
    var config = PipelineConfig()
    config.source.uri = uri
    if let threads { try config.set("pipeline.threads=\(threads)") }
    if let cpu { try config.set("pipeline.cpu=\(cpu)") }
    if let precision { try config.set("model.precision=\(precision)") }
    if let inferSize { try config.set("model.size=\(inferSize)") }
    return config
  }

  private func classNames() -> [String] {
    classes?.split(separator: ",").map(String.init) ?? Assessment.camVidNames
  }
}
