// SPDX-License-Identifier: Apache-2.0

/// What we ask of libavformat for an address before the user's own options.
enum StreamDefaults {
  /// How long and how much of a live stream may be looked at before its first picture.
  static let analysis = ["analyzeduration": "1000000", "probesize": "1500000"]

  /// Addresses whose pictures come when they come, whatever we do.
  static let liveSchemes = [
    "rtsp", "rtsps", "rtmp", "rtmps", "rtmpt", "udp", "rtp", "srt", "tcp",
  ]

  static func options(_ uri: String, _ options: VideoReader.Options) -> [String: String] {
    let scheme = uri.firstRange(of: "://").map { String(uri[..<$0.lowerBound]) } ?? ""
    var result: [String: String] = [:]
    if options.isLive == true || liveSchemes.contains(scheme) || scheme.hasPrefix("http") {
      result = analysis
    }
    if scheme.hasPrefix("rtsp"), options.transport != .auto {
      result["rtsp_transport"] = options.transport.rawValue
    }
    // A burst that overruns the buffer costs its packets, not the stream.
    if scheme == "udp" { result["overrun_nonfatal"] = "1" }
    return result
  }
}

extension VideoReader {
  /// True for addresses whose pictures come when they come. Others may turn out so once they are open.
  public static func isLive(_ uri: String) -> Bool {
    StreamDefaults.liveSchemes.contains { uri.hasPrefix($0 + "://") }
  }
}
