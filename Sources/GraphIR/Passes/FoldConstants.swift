// SPDX-License-Identifier: Apache-2.0

extension Pass {
  public static let foldConstants = Pass(name: "foldConstants", summary: "") { graph in
    0
  }
}
