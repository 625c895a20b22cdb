// SPDX-License-Identifier: Apache-2.0
// A disk that gives EIO behind the first megabyte of files named sick.*
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
ssize_t read(int file, void *bytes, size_t count) {
  char link[64], path[4096] = "";
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  int isSick = readlink(link, path, sizeof path - 1) > 0 && strstr(path, "/sick.");
  if (isSick && lseek(file, 0, SEEK_CUR) > 999999) {
    errno = EIO;
    return -1;
  }
  ssize_t (*real)(int, void *, size_t) = dlsym(RTLD_NEXT, "read");
  return real(file, bytes, count);
}
