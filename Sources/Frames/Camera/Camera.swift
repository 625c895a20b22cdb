// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// One camera, by the user's name for it. It remembers which device that was, so that opening it again finds
/// the same one wherever it was plugged in.
public final class Camera: Sendable {
  private let address: CameraAddress
  private let tree = CameraTree()
  private let identity = Mutex<CameraIdentity?>(nil)

  /// True where `uri` names a camera.
  public static func suits(_ uri: String) -> Bool { CameraAddress(uri) != nil }

  /// - Precondition: `suits(uri)`.
  public init(_ uri: String) {
    guard let address = CameraAddress(uri) else { preconditionFailure("\(uri) names no camera") }
    self.address = address
  }

  /// Starts the camera and waits for its first picture.
  ///
  /// - Throws: notFound, deviceAccess, notCamera, busy, gone, stalled, usage or interrupted. All but notCamera
  ///   and usage may pass by themselves.
  public func open(_ options: CameraReader.Options) throws -> CameraReader {
    let path = try address.resolve(known: identity.withLock { $0 }, in: tree)
    let reader = try CameraReader(path, uri: address.uri, options: options)
    remember(path)
    return reader
  }

  /// What the camera would give, without starting it. The format of the pixels may still be another.
  ///
  /// - Throws: as `open`, but for stalled.
  public func info(_ options: CameraReader.Options) throws -> SourceInfo {
    let path = try address.resolve(known: identity.withLock { $0 }, in: tree)
    let device = try VideoDevice(path)
    try device.needCamera("open")
    let plan = try CameraPlan(device, wishes: options.wishes, model: remember(path)?.model)
    let swapsSides = options.rotation.map { $0 == .quarter || $0 == .threeQuarters } ?? false
    let (width, height) = (plan.mode.width, plan.mode.height)
    return plan.info(
      uri: address.uri,
      video: VideoFormat(
        format: .yuv420p, width: swapsSides ? height : width, height: swapsSides ? width : height,
        timeBase: CameraReader.timeBase, rate: plan.mode.rate,
        color: ColorTags.guess(height: height).overriding(matrix: options.matrix, range: options.range)),
      rotation: options.rotation ?? .none)
  }

  @discardableResult
  private func remember(_ path: String) -> CameraIdentity? {
    let device = SystemFile.resolved(path)
    let node = tree.all.first { SystemFile.resolved($0.path) == device }
    return identity.withLock {
      $0 = $0 ?? node?.identity
      return $0
    }
  }
}
