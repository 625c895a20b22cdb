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
  let choice: Adaptation.Choice
  /// `nil` where the network does not see the frame, which gets the labels of the one before.
  public let tensor: Lease<AlignedBytes>?
}

/// What the network says: `[rows][columns][classes]`.
public struct Logits: Sendable {
  public let decoded: DecodedFrame
  let choice: Adaptation.Choice
  /// `nil` where it was not asked.
  public let tensor: Lease<AlignedBytes>?
}

/// A class for each pixel of the picture.
public struct LabelledFrame: Sendable {
  public let decoded: DecodedFrame
  public let labels: Lease<LabelMap>
  let choice: Adaptation.Choice
  /// The labels are those of an earlier frame.
  public var isReused: Bool { choice.isReused }
}

/// The picture to show, and the labels behind it.
public struct DrawnFrame: Sendable {
  public let decoded: DecodedFrame
  public let labels: Lease<LabelMap>
  let choice: Adaptation.Choice
  /// The labels are those of an earlier frame.
  public var isReused: Bool { choice.isReused }
  /// `nil` where no output wants a picture.
  public let picture: Frame?
}
