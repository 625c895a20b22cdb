// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg

/// A picture track of a source, as `probe` lists it.
public struct PictureTrack: Sendable, Hashable {
  public enum Kind: String, Sendable { case film, still }

  /// From 1, in the order of the file.
  public var number: Int
  /// `still` for a cover or thumbnail.
  public var kind: Kind
  public var codec: String
  /// Pixels.
  public var width: Int
  public var height: Int
  /// Frames a second on average; unknown for stills.
  public var rate: Ratio
  public var title: String?

  /// `2  h264 1920x1080  25 fps  "rear"`.
  public var summary: String {
    var parts = ["\(number)", "\(codec) \(width)x\(height)"]
    if kind == .still {
      parts.append("a cover or thumbnail")
    } else if rate.isKnown {
      parts.append("\(decimal(rate.value)) fps")
    }
    if let title { parts.append("\"\(title)\"") }
    return parts.joined(separator: "  ")
  }
}

/// The picture tracks of an open container, and which of them is the film.
struct PictureTracks {
  let streams: [UnsafeMutablePointer<AVStream>]
  let tracks: [PictureTrack]

  init(_ context: UnsafeMutablePointer<AVFormatContext>) {
    let all = (0..<Int(context.pointee.nb_streams)).map { context.pointee.streams[$0]! }
    let streams = all.filter {
      $0.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_VIDEO
        && avcodec_find_decoder($0.pointee.codecpar.pointee.codec_id) != nil
    }
    self.streams = streams
    let hasFilm = streams.contains { !PictureTracks.isPictureCodec($0) }
    tracks = streams.enumerated().map { index, stream in
      let parameters = stream.pointee.codecpar.pointee
      // A single picture, or one of a picture's kind beside a film.
      let isStill =
        PictureTracks.isAttached(stream)
        || [streams.count > 1, hasFilm, PictureTracks.isPictureCodec(stream)].allSatisfy { $0 }
        || streams.count > 1 && stream.pointee.nb_frames == 1
          && streams.contains { $0.pointee.nb_frames > 1 }
      let average = Ratio(stream.pointee.avg_frame_rate)
      return PictureTrack(
        number: index + 1, kind: isStill ? .still : .film,
        codec: String(cString: avcodec_get_name(parameters.codec_id)), width: Int(parameters.width),
        height: Int(parameters.height), rate: isStill ? .unknown : average,
        title: av_dict_get(stream.pointee.metadata, "title", nil, 0).map { String(cString: $0.pointee.value) }
      )
    }
  }

  /// The index of the first film, of the best variant where all are of one film; `nil` without pictures.
  func film(ofVariants areVariants: Bool) -> Int? {
    let films = tracks.indices.filter { tracks[$0].kind == .film }
    // A cover alone is no film, unless it is all that the file is for: then it is one picture.
    let candidates = films.isEmpty ? tracks.indices.filter { !PictureTracks.isAttached(streams[$0]) } : films
    guard areVariants else { return candidates.first }
    func worth(_ index: Int) -> (Int, Int64) {
      let parameters = streams[index].pointee.codecpar.pointee
      let said = av_dict_get(streams[index].pointee.metadata, "variant_bitrate", nil, 0)
      let rate = said.flatMap { Int64(String(cString: $0.pointee.value)) } ?? parameters.bit_rate
      return (Int(parameters.width) * Int(parameters.height), rate)
    }
    // The first of equals.
    return candidates.reversed().max { worth($0) < worth($1) }
  }

  private static func isAttached(_ stream: UnsafeMutablePointer<AVStream>) -> Bool {
    stream.pointee.disposition
      & (AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS | AV_DISPOSITION_STILL_IMAGE) != 0
  }

  private static func isPictureCodec(_ stream: UnsafeMutablePointer<AVStream>) -> Bool {
    [
      AV_CODEC_ID_MJPEG, AV_CODEC_ID_PNG, AV_CODEC_ID_BMP, AV_CODEC_ID_GIF, AV_CODEC_ID_WEBP,
      AV_CODEC_ID_TIFF,
    ]
    .contains { $0 == stream.pointee.codecpar.pointee.codec_id }
  }
}
