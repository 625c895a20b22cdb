// SPDX-License-Identifier: Apache-2.0

public import Buffers
public import GraphIR

extension NetworkSpec {
  /// What a network file is for.
  public enum Form: String, Sendable, Hashable, CaseIterable {
    /// Batch normalization kept, and the outputs that losses need.
    case training
    /// Batch normalization folded into the convolutions, `logits` alone.
    case deployable
  }

  /// Builds the network for pictures of one size. Input `image` `[1,3,rows,columns]`, output `logits`
  /// `[1,classes,rows/4,columns/4]`.
  ///
  /// - Parameters:
  ///   - rows: a multiple of 32, as is `columns`.
  ///   - picture: columns and rows of the picture at the top left of the input; the whole input by default.
  ///   - weights: every parameter by name, of the training form or of the deployable form; random by
  ///     `seed` otherwise.
  ///   - metadata: added to what the network writes itself; `license` and `dataset`, for instance.
  /// - Throws: `NetworkError` for a size that does not fit, and for weights that are missing, left over or
  ///   misshapen, naming them; `GraphError` where the network exceeds `GraphLimits`.
  public func build(
    rows: Int, columns: Int, picture: (columns: Int, rows: Int)? = nil, form: Form,
    weights: [String: Tensor]? = nil, seed: UInt64 = 0, metadata: [String: String] = [:]
  ) throws -> Graph {
    try check()
    try NetworkSpec.check(rows: rows, columns: columns)
    var builder = NetworkBuilder(name: "roadmask", seed: seed)
    let image = try builder.graph.input("image", .float32, [1, 3, rows, columns])
    let taps: Taps
    switch backbone {
    case .mobileNetV2(let width):
      taps = try InvertedResiduals.mobileNetV2(width: width).build(image, &builder)
    case .efficientNetLite(let size):
      taps = try InvertedResiduals.efficientNetLite(size).build(image, &builder)
    case .shortTermDense(let form, let width):
      taps = try ShortTermDense(modules: form == .stdc1 ? [2, 2, 2] : [4, 5, 3], width: width).build(
        image, &builder)
    }
    let logits = try Head(spec: self).build(taps, &builder)
    var graph = try builder.graph.finish(outputs: [logits] + builder.auxiliary)
    try describe(&graph, picture: picture ?? (columns, rows), sized: builder.sized, more: metadata)

    let folded = weights.map { !$0.keys.contains { $0.contains(".bn.") } } ?? false
    if let weights, !folded { try graph.fill(weights) }
    if form == .deployable {
      graph.outputs = [graph.value(logits)]
      try graph.apply([.removeDead, .foldBatchNorm, .removeDead])
    }
    if let weights, folded {
      guard form == .deployable else {
        throw NetworkError(
          "these weights have no batch normalization", hint: "only the deployable form can be built from them"
        )
      }
      try graph.fill(weights)
    }
    return graph
  }

  private static func check(rows: Int, columns: Int) throws {
    func nearest(_ extent: Int) -> Int { max(32, (min(extent, 1 << 16) + 31) / 32 * 32) }
    let fits = { (extent: Int) in extent >= 32 && extent <= 1 << 16 && extent % 32 == 0 }
    guard !fits(rows) || !fits(columns) else { return }
    throw NetworkError(
      "\(columns)x\(rows) is no input size: both must be multiples of 32",
      hint: "the picture fits \(nearest(columns))x\(nearest(rows)), padded at the right and below")
  }

  private func describe(
    _ graph: inout Graph, picture: (columns: Int, rows: Int), sized: [String], more: [String: String]
  ) throws {
    let size = graph.inputs[0].fact.shape
    guard picture.columns >= 1, picture.rows >= 1, picture.columns <= size[3], picture.rows <= size[2] else {
      throw NetworkError(
        "picture \(picture.columns)x\(picture.rows) in an input of \(size[3])x\(size[2])",
        hint: "it must fit inside")
    }
    graph.metadata = [
      "roadmask.network": description,
      "classes": classes.names.joined(separator: ","),
      "palette": classes.palette.joined(separator: ","),
      "mean": "127.5",
      "scale": "0.00784313725490196",
      "order": "rgb",
      "picture": "\(picture.columns)x\(picture.rows)",
      "stride": "4",
    ]
    if !sized.isEmpty { graph.metadata[Graph.sizedNodesKey] = sized.joined(separator: ",") }
    graph.metadata.merge(more) { _, new in new }
  }
}

extension Graph {
  /// Puts `weights` in place of the parameters.
  fileprivate mutating func fill(_ weights: [String: Tensor]) throws {
    let parameters = constantsByName.filter(\.value.isParameter)
    let names = parameters.keys.sorted()
    func list(_ items: [String]) -> String {
      items.prefix(4).joined(separator: ", ") + (items.count > 4 ? " and \(items.count - 4) more" : "")
    }
    let known = Set(names)
    // Parts that only training has do not hinder a deployable build.
    let extra = weights.keys.filter { !known.contains($0) }.sorted()
    let missing = names.filter { weights[$0] == nil }
    let misshapen = names.compactMap { name -> String? in
      guard let tensor = weights[name], let constant = parameters[name] else { return nil }
      guard tensor.shape == constant.tensor.shape, tensor.dtype == constant.tensor.dtype else {
        return "\(name) is \(tensor.dtype.rawValue)\(tensor.shape), not \(constant.tensor.shape)"
      }
      return nil
    }
    var problems: [String] = []
    if !missing.isEmpty {
      problems.append(
        "missing: \(list(missing.compactMap { name in parameters[name].map { "\(name) \($0.tensor.shape)" } }))"
      )
    }
    if !extra.isEmpty {
      problems.append(
        "not of this network: \(list(extra.compactMap { name in weights[name].map { "\(name) \($0.shape)" } }))"
      )
    }
    if !misshapen.isEmpty { problems.append("misshapen: \(list(misshapen))") }
    guard problems.isEmpty else {
      throw NetworkError(
        "the weights do not fit the network; " + problems.joined(separator: "; "),
        hint: "they must come from training this very network")
    }
    for (name, tensor) in weights where parameters[name] != nil {
      setConstant(name, Constant(tensor, isParameter: true))
    }
  }
}
