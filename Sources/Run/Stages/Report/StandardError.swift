// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Standard error, written by a thread of its own: whoever says something goes on at once, though nobody reads it, its
/// disk is full or its terminal is gone.
public enum StandardError {
  private struct State {
    var waiting: [[UInt8]] = []
    var bytes = 0
    /// Texts that found no room.
    var dropped = 0
    var isWriting = false
    var hasThread = false
  }

  /// Bytes that may wait; a reader that hangs is not worth more.
  private static let room = 256 << 10

  private static let state = Monitor(State())

  /// Writes `text` soon, as it stands. What finds no room is dropped, and its number told once there is room again.
  public static func write(_ text: String) {
    let isAlone = state.change { state -> Bool in
      guard state.bytes + text.utf8.count <= room else {
        state.dropped += 1
        return false
      }
      if state.dropped > 0 {
        add("warning: \(state.dropped) messages were lost, since nobody read them\n", to: &state)
        state.dropped = 0
      }
      add(text, to: &state)
      if state.hasThread { return false }
      state.hasThread = startThread()
      return !state.hasThread
    }
    // Without a thread to be had, the caller writes.
    if isAlone { writeWaiting() }
  }

  /// Waits until all is written, but not for ever. The end of the program does it by itself.
  public static func flush(within seconds: Double = 1) {
    let deadline = Clock.monotonic.now + UInt64(seconds * 1e9)
    state.wait(until: deadline) { !$0.hasThread || $0.waiting.isEmpty && !$0.isWriting }
  }

  private static func add(_ text: String, to state: inout State) {
    state.waiting.append(Array(text.utf8))
    state.bytes += text.utf8.count
  }

  private static func startThread() -> Bool {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    var thread = pthread_t()
    let code = pthread_create(
      &thread, &attributes,
      { _ in
        while true { StandardError.writeNext() }
      }, nil)
    if code == 0 { atexit { StandardError.flush() } }
    return code == 0
  }

  private static func writeNext() {
    let text = state.wait { state -> [UInt8]? in
      guard !state.waiting.isEmpty else { return nil }
      state.isWriting = true
      return take(from: &state)
    }
    put(text)
    state.change { $0.isWriting = false }
  }

  private static func writeWaiting() {
    while let text = state.withLock({ $0.waiting.isEmpty ? nil : take(from: &$0) }) { put(text) }
  }

  private static func take(from state: inout State) -> [UInt8] {
    let text = state.waiting.removeFirst()
    state.bytes -= text.count
    return text
  }

  /// Waits for the reader, however long. What cannot be written for another reason is lost.
  private static func put(_ text: [UInt8]) {
    var done = 0
    while done < text.count {
      let count = text.withUnsafeBytes {
        Glibc.write(STDERR_FILENO, $0.baseAddress! + done, text.count - done)
      }
      if count >= 0 {
        done += count
      } else if errno == EAGAIN {
        // Another program has made the terminal or pipe, which it shares with us, not to wait.
        var request = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        _ = poll(&request, 1, 1000)
      } else if errno != EINTR {
        return
      }
    }
  }
}

/// The three standard descriptors.
public enum StandardStreams {
  /// Opens those that are closed on `/dev/null`: else the next file to be opened would be taken for one of them, and get
  /// the program's messages. Call it before anything is opened.
  public static func secure() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY)
    }
  }
}
