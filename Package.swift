// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

// Targets stand in dependency order; a target imports only what stands above it.

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
]

/// Kernels are compiled for speed in debug builds too, and never contract a*b+c on their own.
let kernelFlags: [CSetting] = [
  .unsafeFlags(["-O3", "-ffp-contract=off", "-fno-math-errno", "-Wall", "-Wextra"])
]

extension Target {
  /// A Swift target in `Sources/<folder>/<name>`.
  static func room(
    _ folder: String, _ name: String, _ dependencies: [Dependency] = [], exclude: [String] = [],
    resources: [Resource] = []
  ) -> Target {
    .target(
      name: name, dependencies: dependencies, path: "Sources/\(folder)/\(name)", exclude: exclude,
      resources: resources, swiftSettings: strict)
  }

  /// Tests in `Tests/<name>`.
  static func tests(_ name: String, _ dependencies: [Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
  }
}

/// Libraries that Debian brings.
let system: [Target] = [
  .systemLibrary(
    name: "CFFmpeg", path: "Sources/System/CFFmpeg",
    pkgConfig: "libavformat libavcodec libavutil libswscale libswresample libavfilter libavdevice",
    providers: [
      .apt([
        "libavformat-dev", "libavcodec-dev", "libavutil-dev", "libswscale-dev", "libswresample-dev",
        "libavfilter-dev", "libavdevice-dev",
      ])
    ]),
  .systemLibrary(
    name: "CCrypt", path: "Sources/System/CCrypt", providers: [.apt(["libcrypt-dev"])]),
  .systemLibrary(name: "CVideo4Linux", path: "Sources/System/CVideo4Linux"),
  .systemLibrary(
    name: "COpenBLAS", path: "Sources/System/COpenBLAS", pkgConfig: "openblas",
    providers: [.apt(["libopenblas-dev"])]),
]

/// Memory, instructions, threads.
let machine: [Target] = [
  .room("Machine", "Buffers"),
  .target(
    name: "CKernels", path: "Sources/Machine/CKernels", cSettings: kernelFlags,
    linkerSettings: [.linkedLibrary("m")]),
  .room("Machine", "CPU", ["CKernels"]),
  .room("Machine", "Workers"),
  .room("Machine", "Kernels", ["Buffers", "CKernels", "COpenBLAS", "CPU", "Workers"]),
]

/// Pictures in and out, labels, and the rendered street.
let pixels: [Target] = [
  .room("Pixels", "Pixels", ["Buffers", "CKernels", "CPU", "Workers"]),
  .room("Pixels", "Addresses"),
  .room("Pixels", "Frames", ["Addresses", "Buffers", "CFFmpeg", "CVideo4Linux"]),
  .room("Pixels", "Scenes", ["Buffers"]),
  .room("Pixels", "Evaluation", ["Buffers", "Pixels"]),
]

/// From a network to a session that runs it.
let model: [Target] = [
  .room("Model", "GraphIR", ["Buffers"]),
  .room("Model", "Networks", ["Buffers", "GraphIR"]),
  .room(
    "Model", "ONNX", ["Buffers", "GraphIR", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
    exclude: ["onnx.proto"]),
  .room("Model", "Planning", ["Buffers", "CPU", "GraphIR", "Kernels", "Workers"]),
  .room("Model", "Quantization", ["Buffers", "CPU", "GraphIR", "Kernels", "Planning", "Workers"]),
]

/// The pipeline, and its page.
let run: [Target] = [
  .room(
    "Run", "Stages",
    [
      "Addresses", "Buffers", "CPU", "Frames", "Kernels", "Pixels", "Planning", "Scenes", "Workers",
      .product(name: "Histogram", package: "hdrhistogram-swift"), .product(name: "Yams", package: "Yams"),
    ]),
  .room(
    "Run", "Web",
    [
      "Addresses", "CCrypt", "Frames", "Stages",
      .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
      .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
    ],
    resources: [.embedInCode("page.html")]),
  .room(
    "Run", "Runs",
    [
      "Addresses", "Buffers", "CPU", "Evaluation", "Frames", "GraphIR", "Networks", "ONNX", "Pixels",
      "Planning",
      "Quantization", "Scenes", "Stages", "Web", "Workers", .product(name: "Logging", package: "swift-log"),
    ]),
]

let programs: [Target] = [
  .executableTarget(
    name: "kernelcheck", dependencies: ["CKernels"], path: "Sources/Programs/kernelcheck",
    cSettings: kernelFlags),
  .executableTarget(
    name: "roadmask",
    dependencies: [
      "Addresses", "Buffers", "CPU", "Evaluation", "Frames", "GraphIR", "Kernels", "Networks", "ONNX",
      "Pixels",
      "Planning", "Quantization", "Runs", "Scenes", "Stages", "Workers",
      .product(name: "ArgumentParser", package: "swift-argument-parser"),
      .product(name: "Logging", package: "swift-log"),
    ],
    path: "Sources/Programs/roadmask", swiftSettings: strict),
]

let tests: [Target] = [
  .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
  .tests("AddressesTests", ["Addresses"]),
  .tests("EvaluationTests", ["Buffers", "Evaluation"]),
  .tests("StagesTests", ["Addresses", "Buffers", "CPU", "Frames", "Pixels", "Stages", "TestSupport"]),
  .tests("WebTests", ["Addresses", "Frames", "Stages", "TestSupport", "Web"]),
  .tests(
    "RunsTests",
    ["Addresses", "Frames", "Runs", "Stages", "TestSupport", .product(name: "Logging", package: "swift-log")]),
  .tests("PixelsTests", ["Buffers", "CPU", "Pixels", "TestSupport", "Workers"]),
  .tests("ScenesTests", ["Buffers", "Scenes"]),
  .tests("FramesTests", ["Addresses", "Buffers", "CVideo4Linux", "Frames", "TestSupport"]),
  .tests("GraphIRTests", ["Buffers", "GraphIR", "Networks"]),
  .tests(
    "QuantizationTests",
    [
      "Buffers", "CPU", "GraphIR", "Kernels", "Networks", "ONNX", "Planning", "Quantization", "TestSupport",
      "Workers",
    ]),
  .tests(
    "ONNXTests",
    [
      "Buffers", "GraphIR", "Networks", "ONNX", "TestSupport",
      .product(name: "SwiftProtobuf", package: "swift-protobuf"),
    ]),
  .tests("NetworksTests", ["Buffers", "GraphIR", "Networks"]),
  .tests("KernelsTests", ["Buffers", "CPU", "Kernels", "Workers"]),
  .tests(
    "PlanningTests",
    ["Buffers", "CPU", "GraphIR", "Kernels", "Networks", "ONNX", "Planning", "TestSupport", "Workers"]),
  // The program from the outside; it is found beside the tests, or in $ROADMASK_BIN.
  .tests(
    "RoadmaskTests", ["Buffers", "CPU", "Frames", "GraphIR", "ONNX", "TestSupport"], exclude: ["Preload"]),
]

/// Built by scripts/fuzz alone, with the sanitizers that it needs.
let fuzz: [Target] =
  Context.environment["ROADMASK_FUZZ"] == nil
  ? []
  : [
    .executableTarget(
      name: "fuzz",
      dependencies: [
        "Addresses", "Buffers", "CPU", "Evaluation", "Frames", "GraphIR", "Kernels", "Networks", "ONNX",
        "Pixels", "Planning", "Scenes", "Stages", "Workers",
      ],
      path: "Tests/Fuzz", swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])])
  ]

let package = Package(
  name: "roadmask",
  products: [
    .executable(name: "roadmask", targets: ["roadmask"]),
    .executable(name: "kernelcheck", targets: ["kernelcheck"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: system + machine + pixels + model + run + programs + tests + fuzz,
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu11
)
