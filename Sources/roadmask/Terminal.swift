// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What is known about standard error.
enum Terminal {
  static var isInteractive: Bool { isatty(2) == 1 }

  /// Columns of the terminal; 110 where there is none.
  static var columns: Int {
    var size = winsize()
    guard ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 110 }
    return Int(size.ws_col)
  }
}
