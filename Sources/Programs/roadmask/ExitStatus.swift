// SPDX-License-Identifier: Apache-2.0

/// How the program ends; the numbers from 64 on are those of sysexits.h.
enum ExitStatus: Int32 {
  case success = 0
  /// The work is done, but a limit that was asked for is missed.
  case limitMissed = 1
  case usage = 64
  case badData = 65
  case noInput = 66
  case unavailable = 69
  case internalFault = 70
  case noResources = 71
  case cannotCreate = 73
  case writeFailed = 74
  case noPermission = 77
  case configuration = 78
  case interrupted = 130
  case terminated = 143
}
