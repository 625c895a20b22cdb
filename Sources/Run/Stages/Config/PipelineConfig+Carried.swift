// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Frames

extension PipelineConfig {
  /// What of the source beside its pictures is in the films of the run, and what is not, each in words.
  func carried(of info: SourceInfo, keepsAudio: Bool) -> (kept: [String], leftOut: [String]) {
    let films = outputs.filter { output in
      (try? OutputFactory.kind(of: output)) == .video && !output.isUncompressed
        && !output.isPictures
    }
    var kept: [String] = [], leftOut: [String] = []
    func add(_ word: String, to list: inout [String]) { if !list.contains(word) { list.append(word) } }
    for output in films {
      let place = films.count > 1 ? " in \(redacted(output.uri))" : ""
      if encode.stripMetadata {
        if !info.tags.isEmpty || !info.chapters.isEmpty {
          add("tags and chapters (--strip-metadata)" + place, to: &leftOut)
        }
      } else {
        if !info.tags.isEmpty {
          add("\(info.tags.count) tag\(info.tags.count == 1 ? "" : "s")" + place, to: &kept)
        }
        if !info.chapters.isEmpty { add("\(info.chapters.count) chapters" + place, to: &kept) }
      }
      let tracks = (keepsAudio ? info.audio : []) + info.beside
      let fates = VideoWriter.soundFates(
        of: tracks, in: output.uri, container: output.format, encode.audio ?? .auto)
      for (track, fate) in zip(tracks, fates) {
        let name = "\(track.kind.rawValue) \(track.codec)"
        switch fate {
        case .copied: add(name + place, to: &kept)
        case .transcoded(let encoder): add("\(name) as \(encoder)" + place, to: &kept)
        case .leftOut(let why): add("\(name) (\(why))" + place, to: &leftOut)
        }
      }
      if !keepsAudio {
        for track in info.audio { add("sound \(track.codec) (--audio none)" + place, to: &leftOut) }
      }
      if info.clipsHaveMore { add("chapters, subtitles and data of the recordings", to: &leftOut) }
      for camera in info.otherCameras {
        add("the recordings of \(camera) ('*-\(camera).*' plays them)", to: &leftOut)
      }
      let others = info.tracks.filter { $0.number != info.track && $0.kind == .film }
      for track in others {
        add("picture track \(track.number) (--track \(track.number) reads it)", to: &leftOut)
      }
    }
    return (kept, leftOut)
  }

  /// What becomes of the sound in `output`: `audio copied`, `audio alac copied, pcm_s16le to aac`.
  func soundText(of info: SourceInfo, in output: OutputConfig, _ keepsAudio: Bool) -> String {
    guard keepsAudio else { return "no audio" }
    let fates = VideoWriter.soundFates(
      of: info.audio, in: output.uri, container: output.format, encode.audio ?? .auto)
    let texts = zip(info.audio, fates).map { track, fate in
      switch fate {
      case .copied: info.audio.count == 1 ? "copied" : "\(track.codec) copied"
      case .transcoded(let encoder): "\(track.codec) to \(encoder)"
      case .leftOut(let why): "\(track.codec) left out (\(why))"
      }
    }
    return "audio " + texts.joined(separator: ", ")
  }
}
