// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The sanitizer that the tests, and so the program, were built with.
public enum Sanitizer {
  public static let isThread = dlsym(nil, "__tsan_init") != nil
  public static let isAddress = dlsym(nil, "__asan_init") != nil
  public static let isAny = isThread || isAddress
}
