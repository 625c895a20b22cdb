// SPDX-License-Identifier: Apache-2.0
// The kernel's camera interface, with the request numbers, which are macros that Swift does not import.
#pragma once

#include <errno.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>

static inline int rm_ioctl(int file, unsigned long request, void *argument) {
  int result;
  do result = ioctl(file, request, argument);
  while (result < 0 && errno == EINTR);
  return result;
}

static inline int rm_v4l2_query(int file, struct v4l2_capability *value) {
  return rm_ioctl(file, VIDIOC_QUERYCAP, value);
}
static inline int rm_v4l2_enumerate_formats(int file, struct v4l2_fmtdesc *value) {
  return rm_ioctl(file, VIDIOC_ENUM_FMT, value);
}
static inline int rm_v4l2_enumerate_sizes(int file, struct v4l2_frmsizeenum *value) {
  return rm_ioctl(file, VIDIOC_ENUM_FRAMESIZES, value);
}
static inline int rm_v4l2_enumerate_intervals(int file, struct v4l2_frmivalenum *value) {
  return rm_ioctl(file, VIDIOC_ENUM_FRAMEINTERVALS, value);
}
static inline int rm_v4l2_set_format(int file, struct v4l2_format *value) {
  return rm_ioctl(file, VIDIOC_S_FMT, value);
}
static inline int rm_v4l2_set_parameters(int file, struct v4l2_streamparm *value) {
  return rm_ioctl(file, VIDIOC_S_PARM, value);
}
static inline int rm_v4l2_request_buffers(int file, struct v4l2_requestbuffers *value) {
  return rm_ioctl(file, VIDIOC_REQBUFS, value);
}
static inline int rm_v4l2_query_buffer(int file, struct v4l2_buffer *value) {
  return rm_ioctl(file, VIDIOC_QUERYBUF, value);
}
static inline int rm_v4l2_queue(int file, struct v4l2_buffer *value) {
  return rm_ioctl(file, VIDIOC_QBUF, value);
}
static inline int rm_v4l2_dequeue(int file, struct v4l2_buffer *value) {
  return rm_ioctl(file, VIDIOC_DQBUF, value);
}
static inline int rm_v4l2_stream_on(int file, int type) { return rm_ioctl(file, VIDIOC_STREAMON, &type); }
static inline int rm_v4l2_stream_off(int file, int type) { return rm_ioctl(file, VIDIOC_STREAMOFF, &type); }
