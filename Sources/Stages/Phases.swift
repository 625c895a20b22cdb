// SPDX-License-Identifier: Apache-2.0

public import Buffers
public import Frames

// What travels between the stages. Each phase has what the next stage needs, and nothing that is not
// ready; memory goes back to its pool when the last phase that holds it is gone.

/// A picture from the source.
public struct DecodedFrame: Sendable {
  public let frame: Frame
  /// The true classes, from a source that knows them and was asked.
  public let truth: Lease<LabelMap>?
}

/// The picture as the network takes it: `[rows][columns][3]`.
public struct ModelInput: Sendable {
  public let decoded: DecodedFrame
  public let tensor: Lease<AlignedBytes>
}

/// What the network says: `[rows][columns][classes]`.
public struct Logits: Sendable {
  public let decoded: DecodedFrame
  public let tensor: Lease<AlignedBytes>
}

/// A class for each pixel of the picture.
public struct LabelledFrame: Sendable {
  public let decoded: DecodedFrame
  public let labels: Lease<LabelMap>
}

/// The picture to show, and the labels behind it.
public struct DrawnFrame: Sendable {
  public let decoded: DecodedFrame
  public let labels: Lease<LabelMap>
  /// `nil` where no output wants a picture.
  public let picture: Frame?
}
