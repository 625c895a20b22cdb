// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import GraphIR
import Testing

@testable import ONNX

/// Quantized files that are wrong: each is refused by the node and the reason.
struct BadQuantizationTests {
  /// One change of a sound file: the changed tensors by name, the changed nodes by output.
  struct Fault: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var words: [String]
    var tensors: [String: ONNXTensorProto] = [:]
    var nodes: [String: ONNXNodeProto] = [:]
  }

  /// Image, conversions, a convolution of stored weights with a scale for each of its 2 channels, a bias.
  static func bytes(_ fault: Fault?) throws -> [UInt8] {
    let tensors: [String: ONNXTensorProto] = [
      "sx": tensor(.float, [], floats: [0.02]), "zx": tensor(.uint8, [], integers: [128]),
      "wq": tensor(.int8, [2, 4, 1, 1], integers: [1, -2, 3, -4, 5, -6, 7, -127]),
      "sw": tensor(.float, [2], floats: [0.01, 0.02]), "zw": tensor(.int8, [2], integers: [0, 0]),
      "bq": tensor(.int32, [2], integers: [100, -100]), "sb": tensor(.float, [2], floats: [0.0002, 0.0004]),
    ]
    let nodes = [
      HostileTests.node("QuantizeLinear", ["x", "sx", "zx"], "xq"),
      HostileTests.node("DequantizeLinear", ["xq", "sx", "zx"], "xd"),
      HostileTests.node("DequantizeLinear", ["wq", "sw", "zw"], "wd", [.int("axis", 0)]),
      HostileTests.node("DequantizeLinear", ["bq", "sb"], "bd", [.int("axis", 0)]),
      HostileTests.node("Conv", ["xd", "wd", "bd"], "y"),
    ]
    return try HostileTests.model(
      nodes.map { fault?.nodes[$0.output[0]] ?? $0 },
      initializers: tensors.keys.sorted().map { name in
        var tensor = fault?.tensors[name] ?? tensors[name]!
        tensor.name = name
        return tensor
      })
  }

  static func tensor(
    _ type: ONNXTensorProto.DataType, _ dims: [Int64], floats: [Float] = [], integers: [Int32] = []
  ) -> ONNXTensorProto {
    var tensor = ONNXTensorProto()
    tensor.dims = dims
    tensor.dataType = Int32(type.rawValue)
    tensor.floatData = floats
    tensor.int32Data = integers
    return tensor
  }

  static func scale(_ name: String, _ floats: [Float], _ words: String...) -> Fault {
    Fault(
      testDescription: "scale \(floats)", words: words + ["'\(name)'"],
      tensors: [name: tensor(.float, floats.count == 1 ? [] : [Int64(floats.count)], floats: floats)])
  }

  static func node(_ name: String, _ node: ONNXNodeProto, _ words: String...) -> Fault {
    Fault(testDescription: name, words: words, nodes: [node.output[0]: node])
  }

  static let faults: [Fault] =
    [
      scale("sx", [0], "'node of xq' (QuantizeLinear)", "is 0.0"),
      scale("sx", [-0.5], "'node of xq' (QuantizeLinear)", "is -0.5"),
      scale("sx", [.nan], "'node of xq' (QuantizeLinear)", "is nan"),
      scale("sw", [0.1, -1], "'node of wd' (DequantizeLinear)", "scale 1", "-1.0"),
      scale("sb", [0, 1], "'node of bd' (DequantizeLinear)", "scale 0"),
      Fault(
        testDescription: "zero point beyond its type",
        words: ["'node of xq' (QuantizeLinear)", "'zx'", "300", "0…255"],
        tensors: ["zx": tensor(.uint8, [], integers: [300])]),
      Fault(
        testDescription: "weight beyond its type",
        words: ["'node of wd' (DequantizeLinear)", "'wq'", "-129", "-128…127"],
        tensors: ["wq": tensor(.int8, [2, 4, 1, 1], integers: [-129, 0, 0, 0, 0, 0, 0, 0])]),
      Fault(
        testDescription: "zero point of another type than the numbers",
        words: ["'node of wd' (DequantizeLinear)", "zero point of type uint8"],
        tensors: ["zw": tensor(.uint8, [2], integers: [0, 0])]),
      Fault(
        testDescription: "zero point of a wide type",
        words: ["'node of xq' (QuantizeLinear)", "zero point of type int32"],
        tensors: ["zx": tensor(.int32, [], integers: [0])]),
      Fault(
        testDescription: "one zero point for two scales",
        words: ["'node of wd' (DequantizeLinear)", "2 scales but 1 zero points"],
        tensors: ["zw": tensor(.int8, [1], integers: [0])]),
      node(
        "zero point of a bias",
        HostileTests.node("DequantizeLinear", ["bq", "sb", "bq"], "bd", [.int("axis", 0)]),
        "'node of bd' (DequantizeLinear)", "int32", "100"),
      node(
        "no DequantizeLinear before the input", HostileTests.node("Conv", ["xq", "wd", "bd"], "y"),
        "'node of y' (Conv)", "'xq' is uint8", "DequantizeLinear is missing"),
      node(
        "no DequantizeLinear before the weights", HostileTests.node("Conv", ["xd", "wq", "bd"], "y"),
        "'node of y' (Conv)", "'wq' is int8", "DequantizeLinear is missing"),
      node(
        "scales along the wrong axis",
        HostileTests.node("DequantizeLinear", ["wq", "sw", "zw"], "wd", [.int("axis", 1)]),
        "'node of wd' (DequantizeLinear)", "2 scales along axis 1", "axis 0"),
      node(
        "scales along an axis that is not there",
        HostileTests.node("DequantizeLinear", ["wq", "sw", "zw"], "wd", [.int("axis", 4)]),
        "'node of wd' (DequantizeLinear)", "axis 4"),
      node(
        "scales of blocks",
        HostileTests.node(
          "DequantizeLinear", ["wq", "sw", "zw"], "wd", [.int("axis", 0), .int("block_size", 2)]),
        "'node of wd' (DequantizeLinear)", "block_size"),
      node(
        "stored numbers quantized again", HostileTests.node("DequantizeLinear", ["x", "sx"], "xd"),
        "'node of xd' (DequantizeLinear)", "float32"),
    ]
    + [("uint16", 4), ("int16", 5), ("uint4", 21), ("int4", 22)].map { name, code in
      var weights = ONNXTensorProto()
      weights.dims = [2, 4, 1, 1]
      weights.dataType = Int32(code)
      weights.rawData = Data(count: 16)
      return Fault(
        testDescription: "weights of \(name)",
        words: ["'node of wd' (DequantizeLinear)", "'wq'", "type \(name)", "8 bits"], tensors: ["wq": weights]
      )
    }

  @Test func theFileWithoutAFaultIsRead() throws {
    #expect(try ONNXReader.read(bytes: Self.bytes(nil)).nodes.count == 5)
  }

  @Test(arguments: faults)
  func isRefused(_ fault: Fault) throws {
    let error = #expect(throws: GraphError.self) { try ONNXReader.read(bytes: Self.bytes(fault)) }
    for word in fault.words { #expect("\(error!)".contains(word), "\(error!)") }
  }
}
