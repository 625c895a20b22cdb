// SPDX-License-Identifier: Apache-2.0

extension Pass {
  public static let scaleResizes = Pass(name: "scaleResizes", summary: "") { graph in
    0
  }
}
