// SPDX-License-Identifier: Apache-2.0
// FFmpeg's public headers, and the macros that Swift cannot import.
#pragma once

#include <libavcodec/avcodec.h>
#include <libavdevice/avdevice.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

static inline int rm_averror(int code) { return AVERROR(code); }
static inline int rm_averror_eof(void) { return AVERROR_EOF; }
static inline int rm_averror_invaliddata(void) { return AVERROR_INVALIDDATA; }
static inline int rm_averror_exit(void) { return AVERROR_EXIT; }
static inline int64_t rm_nopts(void) { return AV_NOPTS_VALUE; }
