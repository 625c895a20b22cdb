// SPDX-License-Identifier: Apache-2.0

extension Graph {
  /// Metadata: the nodes whose constants depend on the input size although no shape shows it, comma-separated.
  public static let sizedNodesKey = "roadmask.sized"
}
