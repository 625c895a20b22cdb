// SPDX-License-Identifier: Apache-2.0

internal import CPU
internal import Foundation
internal import Frames
internal import Stages
internal import Synchronization

/// Loads each model once for all pipelines that see pictures in the same size.
final class ModelCache: Sendable {
  private struct Key: Hashable {
    var path: String
    /// Another file of the same name is another model.
    var inode: UInt
    var changed: Int
    var level: CPULevel
    var precision: PipelineConfig.Model.Precision
    var insists: Bool
    var isForSizes: Bool
  }

  private let models = Mutex<[Key: [LoadedModel]]>([:])

  /// - Throws: `Problem`.
  func model(for config: PipelineConfig, source: SourceInfo) throws -> LoadedModel {
    let path = try ModelStore.path(of: config.model.file, precision: config.model.precision)
    var status = stat()
    stat(path, &status)
    let key = Key(
      path: FileIdentity.place(of: path), inode: UInt(status.st_ino), changed: status.st_mtim.tv_sec,
      level: try config.usableLevel(), precision: config.model.precision, insists: config.model.size != nil,
      isForSizes: config.flow.adapt == .resolution)
    return try models.withLock { models in
      let known = models[key] ?? []
      if let own = known.first?.own {
        let wanted = config.pictureSize(for: source, like: own)
        if let match = known.first(where: { $0.wanted == wanted }) { return match }
      }
      let model = try LoadedModel(
        path: path, level: key.level, precision: key.precision,
        picture: { config.pictureSize(for: source, like: $0) },
        insists: key.insists,
        sizes: key.isForSizes)
      models[key] = known + [model]
      return model
    }
  }
}
