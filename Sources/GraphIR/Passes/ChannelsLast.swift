// SPDX-License-Identifier: Apache-2.0

extension Pass {
  public static let channelsLast = Pass(name: "channelsLast", summary: "") { graph in
    0
  }
}
