// SPDX-License-Identifier: Apache-2.0

/// A camera that is plugged in, as far as it could be asked.
public struct CameraDescription: Sendable {
  public var path: String
  /// As the driver calls it.
  public var card: String
  /// Where it is plugged in.
  public var bus: String
  /// USB vendor and product, `046d:082d`.
  public var model: String?
  public var serial: String?
  /// A path that stays when the camera is plugged in again.
  public var stablePath: String?
  /// Each rate of each size of each format.
  public var modes: [CameraMode]
  /// What would be used if nothing else is asked for.
  public var chosen: CameraMode?
  /// Why nothing is known of its modes.
  public var problem: FramesError?
}

extension CameraMode {
  /// Pictures in this format can be read.
  public var isReadable: Bool { CameraFormat(format) != nil }
}

extension Camera {
  /// The cameras of this system, in the order of their nodes; other video devices are left out.
  public static func all(_ wishes: CameraWishes = CameraWishes()) -> [CameraDescription] {
    CameraTree().all.compactMap { describe($0, wishes) }
  }

  private static func describe(_ node: CameraNode, _ wishes: CameraWishes) -> CameraDescription? {
    var camera = CameraDescription(
      path: node.path, card: node.identity.name, bus: "", model: node.identity.model,
      serial: node.identity.serial, stablePath: node.links.first.map { "/dev/v4l/by-id/" + $0 }, modes: [])
    do {
      let device = try VideoDevice(node.path)
      guard device.isCamera else { return nil }
      (camera.card, camera.bus) = (device.card, device.bus)
      camera.modes = device.modes(wishes)
      camera.chosen = wishes.choose(from: camera.modes)
    } catch let error as FramesError {
      camera.problem = error
    } catch {
      return nil
    }
    return camera
  }
}
