// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import Networks
import Testing

@Suite struct SafetensorsTests {
  static func file(_ header: String, _ body: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8) + body
  }

  @Test func whatIsWrittenIsRead() throws {
    let tensors = [
      "b.weight": Tensor([1, -2, 3, 4.5, 0, 6] as [Float], shape: [2, 3, 1, 1]),
      "a": Tensor([7] as [Float], shape: []),
      "empty": Tensor([Float](), shape: [0]),
    ]
    let file = Safetensors(tensors, metadata: ["epoch": "3"])
    let bytes = try file.bytes()
    #expect(try Safetensors.read(bytes: bytes) == file)
    #expect(try file.bytes() == bytes)
    for length in 0..<bytes.count {
      #expect(throws: NetworkError.self) { try Safetensors.read(bytes: Array(bytes[..<length])) }
    }
  }

  @Test func halfPrecisionIsWidened() throws {
    let header =
      #"{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[1],"data_offsets":[4,6]}}"#
    let file = try Safetensors.read(bytes: Self.file(header, [0x00, 0x3C, 0x00, 0xC1, 0xC0, 0x3F]))
    #expect(file.tensors["a"] == Tensor([1, -2.5]))
    #expect(file.tensors["b"] == Tensor([1.5]))
  }

  @Test(arguments: [
    #"{"a":{"dtype":"F32","shape":[1000000000],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#,
    #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#,
    #"{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    #"{"a":3}"#, "[]", "", "{",
  ])
  func damageIsRefused(_ header: String) {
    #expect(throws: NetworkError.self) {
      try Safetensors.read(bytes: Self.file(header, Array(repeating: 0, count: 8)))
    }
  }
}
