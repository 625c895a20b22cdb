// SPDX-License-Identifier: Apache-2.0

extension Pass {
  public static let recogniseWarps = Pass(name: "recogniseWarps", summary: "") { graph in
    0
  }
}
