// SPDX-License-Identifier: Apache-2.0

/// A network as a choice for each slot: backbone, context, merge and refinement per level, tail.
public struct NetworkSpec: Sendable, Hashable {
  public enum Backbone: Sendable, Hashable {
    /// `width` multiplies every channel count, rounded to multiples of 8.
    case mobileNetV2(width: Double)
    case efficientNetLite(EfficientNetLiteSize)
    /// STDC1 or STDC2; `width` as above, in multiples of 16.
    case shortTermDense(ShortTermDenseForm, width: Double)
  }

  public enum EfficientNetLiteSize: String, Sendable, Hashable, CaseIterable {
    case lite0, lite1, lite2

    /// Of channels and of blocks in a stage.
    var factors: (width: Double, depth: Double) {
      switch self {
      case .lite0: (1, 1)
      case .lite1: (1, 1.1)
      case .lite2: (1.1, 1.2)
      }
    }
  }

  public enum ShortTermDenseForm: String, Sendable, Hashable, CaseIterable { case stdc1, stdc2 }

  /// What gathers context at stride 32 (or 16).
  public enum Context: Sendable, Hashable {
    case none
    /// CRM, arXiv 2412.08671.
    case contextualRefinement(ContextualRefinement.Form)
    /// MCIBI, arXiv 2108.11819, on the stride-16 or stride-32 map.
    case datasetContext(DatasetContext.Form, stride: Int)
  }

  /// How a coarse map joins the next finer one.
  public enum Merge: Sendable, Hashable {
    case add
    /// SRM, arXiv 2412.08671.
    case semanticRefinement(SemanticRefinement)
    /// RSP, arXiv 2106.01744.
    case relationalSemantics(RelationalSemantics)
  }

  /// What follows the sum of a merge.
  public enum Fuse: String, Sendable, Hashable, CaseIterable {
    /// 3x3 convolution.
    case dense
    /// Depthwise 3x3, then 1x1.
    case separable
    /// 1x1 on the coarse side and ReLU6 behind the sum, as in RefineNet's light form.
    case light
    /// Residual units on the lateral and 3x3 on both sides, as in RefineNet's original form.
    case residual
  }

  /// What refines a map in its own size.
  public enum Refinement: Sendable, Hashable {
    case none
    /// RefineNet, light: `stages` of pool and 1x1, each added to the sum.
    case chainedPooling(stages: Int)
    /// RefineNet, original: chained pooling with 3x3, then three residual units.
    case residualChainedPooling(stages: Int)
  }

  public var backbone: Backbone = .mobileNetV2(width: 1)
  public var context: Context = .contextualRefinement(.gate)
  /// For strides 16, 8 and 4.
  public var merges: [Merge] = Array(repeating: .semanticRefinement(SemanticRefinement()), count: 3)
  /// For strides 16, 8 and 4.
  public var fuses: [Fuse] = Array(repeating: .dense, count: 3)
  /// For strides 32, 16, 8 and 4.
  public var refinements: [Refinement] = Array(repeating: .none, count: 4)
  /// Channels of the decoder (D).
  public var width = 64
  /// Rows and columns of the classifier: 1 or 3.
  public var classifierKernel = 1
  public var classes: ClassList = .camVid

  /// The main network: gate CRM and SRM at every level.
  public init() {}
}

extension NetworkSpec {
  /// The named networks, main one first.
  public static let presets: [(name: String, summary: String, spec: NetworkSpec)] = [
    ("srm-crm", "semantic and contextual refinement (arXiv 2412.08671)", NetworkSpec()),
    ("plain", "feature pyramid without refinement, for comparison", plain),
    ("rsp", "relational semantics propagators (arXiv 2106.01744)", rsp),
    ("refinenet-light", "light-weight RefineNet (arXiv 1810.03272)", refineNetLight),
    ("refinenet", "RefineNet (arXiv 1611.06612)", refineNet),
    ("mcibi", "context beyond the image (arXiv 2108.11819)", mcibi),
  ]

  private static var plain: NetworkSpec {
    var spec = NetworkSpec()
    spec.context = .none
    spec.merges = [.add, .add, .add]
    return spec
  }

  private static var rsp: NetworkSpec {
    var spec = plain
    spec.merges = Array(repeating: .relationalSemantics(RelationalSemantics()), count: 3)
    return spec
  }

  private static var refineNetLight: NetworkSpec {
    var spec = plain
    spec.fuses = [.light, .light, .light]
    spec.refinements = [2, 4, 4, 4].map { .chainedPooling(stages: $0) }
    spec.classifierKernel = 3
    return spec
  }

  private static var refineNet: NetworkSpec {
    var spec = plain
    spec.fuses = [.residual, .residual, .residual]
    spec.refinements = Array(repeating: .residualChainedPooling(stages: 2), count: 4)
    spec.classifierKernel = 3
    return spec
  }

  private static var mcibi: NetworkSpec {
    var spec = plain
    spec.context = .datasetContext(.pixel, stride: 16)
    return spec
  }
}
