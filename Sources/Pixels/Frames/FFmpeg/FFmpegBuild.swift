// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg

/// The FFmpeg libraries that this program runs with.
public enum FFmpegBuild {
  /// As in "5.1.9".
  public static var version: String { String(cString: av_version_info()) }

  /// As FFmpeg states it, for instance "GPL version 2 or later".
  public static var license: String { String(cString: avformat_license()) }

  /// "libavformat 59.27.100", one for each library.
  public static var libraries: [String] {
    [
      ("libavformat", avformat_version()), ("libavcodec", avcodec_version()), ("libavutil", avutil_version()),
      ("libswscale", swscale_version()),
    ].map { name, version in "\(name) \(version >> 16).\(version >> 8 & 255).\(version & 255)" }
  }
}
