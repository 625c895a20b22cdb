// SPDX-License-Identifier: Apache-2.0

internal import Addresses

/// What we ask of libavformat for an address before the user's own options.
enum StreamDefaults {
  /// How long and how much of a live stream may be looked at before its first picture.
  static let analysis = ["analyzeduration": "1000000", "probesize": "1500000"]

  static func options(_ uri: String, _ options: VideoReader.Options) -> [String: String] {
    let stream = StreamAddress(uri)
    var result: [String: String] = [:]
    if options.isLive == true || stream.map({ $0.isLive || $0.isHTTP }) == true { result = analysis }
    if stream?.isRTSP == true, options.transport != .auto {
      result["rtsp_transport"] = options.transport.rawValue
    }
    // A burst that overruns the buffer costs its packets, not the stream.
    if stream?.scheme == "udp" { result["overrun_nonfatal"] = "1" }
    return result
  }
}
