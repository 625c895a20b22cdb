// SPDX-License-Identifier: Apache-2.0
// FFmpeg's public headers, and what Swift cannot import from them: macros, members that moved between
// versions, and the variadic log callback.
#pragma once

#include <stdio.h>

#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavdevice/avdevice.h>
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavformat/avformat.h>
#include <libavutil/audio_fifo.h>
#include <libavutil/avutil.h>
#include <libavutil/channel_layout.h>
#include <libavutil/display.h>
#include <libavutil/dovi_meta.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/parseutils.h>
#include <libavutil/pixdesc.h>
#include <libavutil/sha.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>

static inline int rm_averror(int code) { return AVERROR(code); }
static inline int rm_averror_eof(void) { return AVERROR_EOF; }
static inline int rm_averror_invaliddata(void) { return AVERROR_INVALIDDATA; }
static inline int rm_averror_exit(void) { return AVERROR_EXIT; }
// The code for a status of HTTP or RTSP; 499 and 500 stand for all others from 400 and from 500 on.
static inline int rm_averror_http(int status) {
  switch (status) {
  case 400: return AVERROR_HTTP_BAD_REQUEST;
  case 401: return AVERROR_HTTP_UNAUTHORIZED;
  case 403: return AVERROR_HTTP_FORBIDDEN;
  case 404: return AVERROR_HTTP_NOT_FOUND;
  case 500: return AVERROR_HTTP_SERVER_ERROR;
  default: return AVERROR_HTTP_OTHER_4XX;
  }
}
static inline int64_t rm_nopts(void) { return AV_NOPTS_VALUE; }

// AVFrame.duration replaced AVFrame.pkt_duration in FFmpeg 6.
static inline int64_t rm_frame_duration(const AVFrame *frame) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
  return frame->duration;
#else
  return frame->pkt_duration;
#endif
}

static inline void rm_frame_set_duration(AVFrame *frame, int64_t duration) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
  frame->duration = duration;
#else
  frame->pkt_duration = duration;
#endif
}

// A number that a decoder copies from the packet it was last given to the frame that comes out of it.
static inline void rm_mark_packets(AVCodecContext *decoder) {
#ifdef AV_CODEC_FLAG_COPY_OPAQUE
  decoder->flags |= AV_CODEC_FLAG_COPY_OPAQUE;
#else
  (void)decoder;
#endif
}

static inline void rm_mark(AVCodecContext *decoder, AVPacket *packet, int64_t mark) {
#ifdef AV_CODEC_FLAG_COPY_OPAQUE
  (void)decoder;
  packet->opaque = (void *)(intptr_t)mark;
#else
  (void)packet;
  decoder->reordered_opaque = mark;
#endif
}

static inline int64_t rm_mark_of(const AVFrame *frame) {
#ifdef AV_CODEC_FLAG_COPY_OPAQUE
  return (int64_t)(intptr_t)frame->opaque;
#else
  return frame->reordered_opaque;
#endif
}

// Nine values, or null where the stream carries no display matrix.
static inline const int32_t *rm_display_matrix(const AVStream *stream) {
#if LIBAVFORMAT_VERSION_MAJOR >= 61
  const AVPacketSideData *data =
      av_packet_side_data_get(stream->codecpar->coded_side_data, stream->codecpar->nb_coded_side_data,
                              AV_PKT_DATA_DISPLAYMATRIX);
  return data && data->size >= 9 * sizeof(int32_t) ? (const int32_t *)data->data : 0;
#else
  size_t size = 0;
  const uint8_t *data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
  return data && size >= 9 * sizeof(int32_t) ? (const int32_t *)data : 0;
#endif
}

// As above, of a picture: where an EXIF orientation or a message in the stream says it.
static inline const int32_t *rm_picture_matrix(const AVFrame *frame) {
  const AVFrameSideData *data = av_frame_get_side_data(frame, AV_FRAME_DATA_DISPLAYMATRIX);
  return data && data->size >= 9 * sizeof(int32_t) ? (const int32_t *)data->data : 0;
}

// The profile of Dolby Vision, or -1 where the stream has none.
static inline int rm_dovi_profile(const AVStream *stream) {
  size_t size = 0;
  const uint8_t *data;
#if LIBAVFORMAT_VERSION_MAJOR >= 61
  const AVPacketSideData *side = av_packet_side_data_get(
      stream->codecpar->coded_side_data, stream->codecpar->nb_coded_side_data, AV_PKT_DATA_DOVI_CONF);
  data = side ? side->data : 0;
  size = side ? side->size : 0;
#else
  data = av_stream_get_side_data(stream, AV_PKT_DATA_DOVI_CONF, &size);
#endif
  if (!data || size < sizeof(AVDOVIDecoderConfigurationRecord)) return -1;
  return ((const AVDOVIDecoderConfigurationRecord *)data)->dv_profile;
}

// Log lines are formatted here, because va_list does not cross into Swift on every architecture.
typedef void (*rm_log_sink)(int level, const char *line);

// A variable of the header itself would not be emitted by Swift's importer; one inside a function is.
static inline rm_log_sink *rm_log_slot(void) {
  static rm_log_sink slot;
  return &slot;
}

static inline void rm_log_callback(void *context, int level, const char *format, va_list arguments) {
  char line[1024];
  int prefix = 1;
  if (level > AV_LOG_INFO || !*rm_log_slot()) return;
  av_log_format_line2(context, level, format, arguments, line, sizeof line, &prefix);
  (*rm_log_slot())(level, line);
  // FFmpeg aborts after this one.
  if (level <= AV_LOG_PANIC) fputs(line, stderr);
}

static inline void rm_log_to(rm_log_sink sink) {
  *rm_log_slot() = sink;
  av_log_set_callback(rm_log_callback);
}
