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

let package = Package(
  name: "roadmask",
  products: [
    .executable(name: "roadmask", targets: ["roadmask"]),
    .executable(name: "kernelcheck", targets: ["kernelcheck"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // Values and memory.
    .target(name: "Buffers", swiftSettings: strict),

    // C: system libraries and kernels.
    .systemLibrary(
      name: "CFFmpeg",
      pkgConfig: "libavformat libavcodec libavutil libswscale libavdevice",
      providers: [
        .apt([
          "libavformat-dev", "libavcodec-dev", "libavutil-dev", "libswscale-dev", "libavdevice-dev",
        ])
      ]),
    .systemLibrary(name: "CVideo4Linux"),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .target(name: "CKernels", cSettings: kernelFlags, linkerSettings: [.linkedLibrary("m")]),

    // Pixels in and out, and the rendered street.
    .target(name: "Frames", dependencies: ["Buffers", "CFFmpeg", "CVideo4Linux"], swiftSettings: strict),
    .target(name: "Scenes", dependencies: ["Buffers"], swiftSettings: strict),

    // From a network to a session that runs it.
    .target(name: "GraphIR", dependencies: ["Buffers"], swiftSettings: strict),
    .target(
      name: "Kernels", dependencies: ["Buffers", "CKernels", "COpenBLAS"], swiftSettings: strict),
    .target(name: "Networks", dependencies: ["Buffers", "GraphIR"], swiftSettings: strict),
    .target(
      name: "ONNX",
      dependencies: [
        "Buffers", "GraphIR", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      exclude: ["onnx.proto"],
      swiftSettings: strict),
    .target(
      name: "Planning", dependencies: ["Buffers", "GraphIR", "Kernels"], swiftSettings: strict),
    .target(
      name: "Quantization", dependencies: ["Buffers", "GraphIR", "Kernels", "Planning"],
      swiftSettings: strict),

    // Labels against truth.
    .target(name: "Evaluation", dependencies: ["Buffers", "Kernels"], swiftSettings: strict),

    // The pipeline.
    .target(
      name: "Stages",
      dependencies: [
        "Buffers", "Frames", "Kernels", "Planning", "Scenes",
        .product(name: "Histogram", package: "hdrhistogram-swift"),
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict),

    // Preview, metrics and health over HTTP.
    .target(
      name: "Web", dependencies: ["Frames", "Stages", .product(name: "FlyingFox", package: "FlyingFox")],
      resources: [.embedInCode("page.html")], swiftSettings: strict),

    // Programs.
    .executableTarget(name: "kernelcheck", dependencies: ["CKernels"], cSettings: kernelFlags),
    .executableTarget(
      name: "roadmask",
      dependencies: [
        "Buffers", "Evaluation", "Frames", "GraphIR", "Kernels", "Networks", "ONNX", "Planning",
        "Quantization", "Scenes", "Stages", "Web",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),

    // Tests.
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
    .testTarget(name: "EvaluationTests", dependencies: ["Buffers", "Evaluation"], swiftSettings: strict),
    .testTarget(
      name: "StagesTests", dependencies: ["Buffers", "Frames", "Kernels", "Stages", "TestSupport"],
      swiftSettings: strict),
    .testTarget(name: "WebTests", dependencies: ["Frames", "Stages", "Web"], swiftSettings: strict),
    .testTarget(name: "PixelTests", dependencies: ["Buffers", "Kernels"], swiftSettings: strict),
    .testTarget(name: "ScenesTests", dependencies: ["Buffers", "Scenes"], swiftSettings: strict),
    .testTarget(
      name: "FramesTests", dependencies: ["Buffers", "CVideo4Linux", "Frames", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "GraphIRTests", dependencies: ["Buffers", "GraphIR", "Networks"], swiftSettings: strict),
    .testTarget(
      name: "QuantizationTests",
      dependencies: [
        "Buffers", "TestSupport", "GraphIR", "Kernels", "Networks", "ONNX", "Planning", "Quantization",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ONNXTests",
      dependencies: [
        "Buffers", "TestSupport", "GraphIR", "Networks", "ONNX",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ], swiftSettings: strict),
    .testTarget(
      name: "NetworksTests", dependencies: ["Buffers", "GraphIR", "Networks"], swiftSettings: strict),
    .testTarget(name: "KernelsTests", dependencies: ["Buffers", "Kernels"], swiftSettings: strict),
    .testTarget(
      name: "PlanningTests",
      dependencies: ["Buffers", "TestSupport", "GraphIR", "Kernels", "Networks", "ONNX", "Planning"],
      swiftSettings: strict),
    // The program from the outside; it is found beside the tests, or in $ROADMASK_BIN.
    .testTarget(
      name: "RoadmaskTests", dependencies: ["Buffers", "TestSupport", "Frames", "GraphIR", "ONNX"],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu11
)

// Built by scripts/fuzz alone, with the sanitizers that it needs.
if Context.environment["ROADMASK_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "fuzz",
      dependencies: [
        "Buffers", "Evaluation", "Frames", "GraphIR", "Kernels", "Networks", "ONNX", "Planning", "Scenes",
        "Stages",
      ],
      path: "Tests/Fuzz", swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]))
}
