// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg
internal import CVideo4Linux

/// Makes pictures of what a camera puts into its buffers.
final class CameraDecoder {
  private let format: CameraFormat
  private let width: Int32
  private let height: Int32
  private let planes: [(offset: Int, rowBytes: Int)]
  /// Bytes of a whole raw picture.
  private let byteCount: Int
  private let tags: CameraColors
  private var pool: OpaquePointer?
  private let poolSize: Int
  private var context: UnsafeMutablePointer<AVCodecContext>?
  private let packet: UnsafeMutablePointer<AVPacket> = av_packet_alloc()

  /// Bytes behind the data that FFmpeg and the kernels may read.
  private static let padding = 64 + Int(AV_INPUT_BUFFER_PADDING_SIZE)

  /// - Parameters:
  ///   - picture: as the driver settled it.
  ///   - reserve: pictures whose memory is taken at once.
  init(_ format: CameraFormat, _ picture: v4l2_pix_format, subject: String, reserve: Int = 0) throws {
    self.format = format
    (width, height) = (Int32(picture.width), Int32(picture.height))
    let bits = format.isCompressed ? 8 : Int(av_get_padded_bits_per_pixel(av_pix_fmt_desc_get(format.av)))
    // Of the first plane, whose bytes a planar format's bits are not all in.
    let isPlanar = av_pix_fmt_count_planes(format.av) > 1
    let least = isPlanar ? Int(width) : Int(width) * bits / 8
    let layout = format.layout(rowBytes: max(Int(picture.bytesperline), least), height: Int(height))
    (planes, byteCount) = (layout.planes, format.isCompressed ? 0 : layout.byteCount)
    tags = CameraColors(picture, isRGB: !format.isCompressed && format.av.isRGB)
    poolSize = max(Int(picture.sizeimage), byteCount) + CameraDecoder.padding
    pool = av_buffer_pool_init(poolSize, av_buffer_allocz)
    fill(pool, with: reserve)
    guard format.isCompressed else { return }
    context = avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_MJPEG))
    // What is cut short is an error, not half a picture.
    context?.pointee.err_recognition = AV_EF_EXPLODE
    context?.pointee.thread_count = 1
    let code = avcodec_open2(context, nil, nil)
    guard code >= 0 else { throw FramesError(code: code, "decode", subject) }
  }

  deinit {
    avcodec_free_context(&context)
    var packet: UnsafeMutablePointer<AVPacket>? = packet
    av_packet_free(&packet)
    av_buffer_pool_uninit(&pool)
  }

  /// A copy of a camera's bytes, so that the driver can have its buffer back; `nil` where too few came.
  func copy(_ bytes: UnsafeRawBufferPointer) -> CameraBytes? {
    guard bytes.count > 0, bytes.count >= byteCount, bytes.count <= poolSize - CameraDecoder.padding,
      let buffer = av_buffer_pool_get(pool)
    else { return nil }
    memcpy(buffer.pointee.data, bytes.baseAddress!, bytes.count)
    memset(buffer.pointee.data + bytes.count, 0, CameraDecoder.padding)
    return CameraBytes(buffer: buffer, count: bytes.count)
  }

  /// The picture in `bytes`, which are taken over; `nil` where it is damaged.
  func picture(_ bytes: CameraBytes) -> UnsafeMutablePointer<AVFrame>? {
    format.isCompressed ? decode(bytes) : wrap(bytes)
  }

  private func wrap(_ bytes: CameraBytes) -> UnsafeMutablePointer<AVFrame> {
    let frame = FrameShells.take()
    let base = bytes.buffer.pointee.data!
    frame.pointee.buf.0 = bytes.buffer
    (frame.pointee.width, frame.pointee.height) = (width, height)
    frame.pointee.format = format.av.rawValue
    frame.pointee.data.0 = base
    frame.pointee.linesize.0 = Int32(planes[0].rowBytes)
    if planes.count > 1 {
      frame.pointee.data.1 = base + planes[1].offset
      frame.pointee.linesize.1 = Int32(planes[1].rowBytes)
    }
    if planes.count > 2 {
      frame.pointee.data.2 = base + planes[2].offset
      frame.pointee.linesize.2 = Int32(planes[2].rowBytes)
    }
    tags.apply(to: frame)
    return frame
  }

  private func decode(_ bytes: CameraBytes) -> UnsafeMutablePointer<AVFrame>? {
    packet.pointee.buf = bytes.buffer
    packet.pointee.data = bytes.buffer.pointee.data
    packet.pointee.size = Int32(bytes.count)
    defer { av_packet_unref(packet) }
    guard avcodec_send_packet(context, packet) >= 0 else {
      avcodec_flush_buffers(context)
      return nil
    }
    let frame = FrameShells.take()
    guard avcodec_receive_frame(context, frame) >= 0, frame.pointee.flags & AV_FRAME_FLAG_CORRUPT == 0,
      frame.pointee.decode_error_flags == 0
    else {
      FrameShells.give(frame)
      avcodec_flush_buffers(context)
      return nil
    }
    return frame
  }
}

/// What a camera gave for one picture, in memory of ours. To be used once.
struct CameraBytes {
  let buffer: UnsafeMutablePointer<AVBufferRef>
  let count: Int
}
