// SPDX-License-Identifier: Apache-2.0

public import Addresses
internal import Synchronization

/// One camera, by the user's name for it. It remembers which device that was, so that opening it again finds
/// the same one wherever it was plugged in.
public final class Camera: Sendable {
  private let name: CameraName
  private let tree = CameraTree()
  private let identity = Mutex<CameraIdentity?>(nil)

  public init(_ name: CameraName) { self.name = name }

  /// Starts the camera and waits for its first picture.
  ///
  /// - Throws: notFound, deviceAccess, notCamera, busy, gone, stalled, usage or interrupted. All but notCamera
  ///   and usage may pass by themselves.
  public func open(_ options: CameraReader.Options) throws -> CameraReader {
    let path = try name.resolve(known: identity.withLock { $0 }, in: tree)
    let reader = try CameraReader(path, uri: name.text, options: options)
    remember(path)
    return reader
  }

  /// The camera is plugged in and may be opened; it need not give pictures.
  public var isThere: Bool {
    guard let path = try? name.resolve(known: identity.withLock { $0 }, in: tree) else { return false }
    return (try? VideoDevice(path)) != nil
  }

  private func remember(_ path: String) {
    let device = SystemFile.resolved(path)
    let node = tree.all.first { SystemFile.resolved($0.path) == device }
    identity.withLock { $0 = $0 ?? node?.identity }
  }
}
