// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import GraphIR
import Networks
import ONNX
import TestSupport
import Testing

@Suite struct ReaderTests {
  static let small = "backbone=mobilenetv2-0.25 width=8"

  @Test(arguments: NetworkSpec.presets.map(\.name))
  func whatIsWrittenIsRead(_ preset: String) throws {
    for form in NetworkSpec.Form.allCases {
      let graph = try NetworkSpec(parsing: "\(preset) \(Self.small)").build(rows: 32, columns: 64, form: form)
      let bytes = try ONNXWriter.bytes(of: graph)
      let back = try ONNXReader.read(bytes: bytes)
      #expect(back.nodesByName == graph.nodesByName)
      #expect(back.inputsByName == graph.inputsByName)
      #expect(back.outputNames == graph.outputNames)
      #expect(back.metadata == graph.metadata)
      #expect(back.constantsByName == graph.constantsByName)
      #expect(try ONNXWriter.bytes(of: back) == bytes)
    }
  }

  @Test func filesComeAsideAndWhole() throws {
    let folder = try TemporaryFolder()
    let graph = try NetworkSpec(parsing: "plain \(Self.small)").build(
      rows: 32, columns: 32, form: .deployable)
    try ONNXWriter.write(graph, to: folder.path("a.onnx"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["a.onnx"])
    #expect(try ONNXReader.read(folder.path("a.onnx")).nodesByName == graph.nodesByName)
    #expect(try ONNXReader.check(folder.path("a.onnx")).canRun)
    let missing = #expect(throws: ONNXError.self) { try ONNXReader.read(folder.path("b.onnx")) }
    #expect(missing?.path == folder.path("b.onnx"))
    #expect(throws: ONNXError.self) { try ONNXWriter.write(graph, to: folder.path("none/a.onnx")) }
  }

  @Test func cutShortIsAnErrorEverywhere() throws {
    let graph = try NetworkSpec(parsing: "srm-crm \(Self.small)").build(
      rows: 32, columns: 32, form: .training)
    let bytes = try ONNXWriter.bytes(of: graph)
    for index in 0..<200 {
      let length = index < 40 ? index : bytes.count * index / 200
      #expect(throws: (any Error).self) { try ONNXReader.read(bytes: Array(bytes[..<length])) }
    }
  }

  /// Changed bytes give a graph or an error.
  @Test func damageNeverTraps() throws {
    let graph = try NetworkSpec(parsing: "rsp backbone=mobilenetv2-0.1 width=8").build(
      rows: 32, columns: 32, form: .deployable)
    let bytes = try ONNXWriter.bytes(of: graph)
    var state: UInt64 = 1
    func next(_ below: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % below
    }
    for _ in 0..<60 {
      var damaged = bytes
      for _ in 0...next(6) { damaged[next(damaged.count)] = UInt8(next(256)) }
      _ = try? ONNXReader.read(bytes: damaged).facts()
    }
  }
}
