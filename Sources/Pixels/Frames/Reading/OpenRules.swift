// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import CFFmpeg
internal import Glibc

/// What a source may open beside itself, such as the parts that a playlist names: from the network only what is on the
/// network and not on this machine, from a file only what lies in its folder.
///
/// FFmpeg follows redirections of HTTP by itself: of those only the protocol is checked.
final class OpenRules {
  private typealias Opener =
    @convention(c) (
      UnsafeMutablePointer<AVFormatContext>?, UnsafeMutablePointer<UnsafeMutablePointer<AVIOContext>?>?,
      UnsafePointer<CChar>?, Int32, UnsafeMutablePointer<OpaquePointer?>?
    ) -> Int32

  private let source: SourceAddress
  /// The source itself, as FFmpeg is given it.
  private let place: String
  /// Protocols that the user allows beyond the rules.
  private let allowed: Set<String>
  private let trust: TLSTrust
  private var opener: Opener?
  private var isOnThisMachine: [String: Bool] = [:]
  /// The first address that was refused.
  private(set) var refused: String?

  init(_ source: SourceAddress, place: String, allowed: [String], trust: TLSTrust) {
    self.source = source
    self.place = place
    self.allowed = Set(allowed.map { $0.lowercased() })
    self.trust = trust
  }

  /// For FFmpeg's own check of protocols.
  var protocols: String {
    let usual =
      source.isNetwork
      ? [
        "http", "https", "httpproxy", "tls", "tcp", "udp", "udplite", "rtp", "srtp", "rtsp", "rtmp", "rtmps",
        "rtmpt", "srt", "hls", "crypto", "data",
      ] : ["file", "pipe", "crypto", "data"]
    let below =
      allowed.isDisjoint(with: ["http", "https", "rtmp", "rtmps"]) ? [] : ["tcp", "tls", "httpproxy"]
    return (usual + allowed.sorted() + below).joined(separator: ",")
  }

  /// Has every opening of `context` go through the rules, for as long as `self` is there.
  func attach(to context: UnsafeMutablePointer<AVFormatContext>) {
    opener = context.pointee.io_open
    context.pointee.opaque = Unmanaged.passUnretained(self).toOpaque()
    context.pointee.io_open = { context, io, url, flags, options in
      guard let context, let url else { return rm_averror(EINVAL) }
      let rules = Unmanaged<OpenRules>.fromOpaque(context.pointee.opaque).takeUnretainedValue()
      return rules.open(context, io, url, flags, options)
    }
  }

  private func open(
    _ context: UnsafeMutablePointer<AVFormatContext>,
    _ io: UnsafeMutablePointer<UnsafeMutablePointer<AVIOContext>?>?, _ url: UnsafePointer<CChar>,
    _ flags: Int32, _ options: UnsafeMutablePointer<OpaquePointer?>?
  ) -> Int32 {
    guard let opener else { return rm_averror(EINVAL) }
    let text = String(cString: url)
    guard allows(text) else {
      if refused == nil { refused = redacted(text) }
      return rm_averror(EPERM)
    }
    guard source.isNetwork || !allowed.isEmpty else { return opener(context, io, url, flags, options) }
    if let options {
      trust.set(in: options)
      return opener(context, io, url, flags, options)
    }
    var own: OpaquePointer?
    defer { av_dict_free(&own) }
    trust.set(in: &own)
    return opener(context, io, url, flags, &own)
  }

  /// Whether the source may open `text`.
  func allows(_ text: String) -> Bool {
    if text == place { return true }
    // The parts of an encrypted playlist.
    for wrapper in ["crypto+", "crypto:"] where text.hasPrefix(wrapper) {
      return allows(String(text.dropFirst(wrapper.count)))
    }
    if text.hasPrefix("data:") { return true }
    switch SourceAddress(text) {
    case .stream(let stream):
      if allowed.contains(stream.scheme) { return true }
      guard case .stream(let own) = source else { return false }
      return stream.host == own.host || !leadsHere(stream) || leadsHere(own)
    case .file(let path), .pictures(let path): return allowed.contains("file") || isBesideSource(path)
    case .standardInput, .camera, .test: return false
    }
  }

  /// Links are followed: one that leads out of the folder does.
  private func isBesideSource(_ path: String) -> Bool {
    guard let own = source.path, let folder = OpenRules.folder(of: own) else { return false }
    guard let other = OpenRules.resolved(path) else { return access(path, F_OK) != 0 }
    return other.hasPrefix(folder == "/" ? "/" : folder + "/")
  }

  private static func folder(of path: String) -> String? {
    guard let whole = resolved(path), let slash = whole.lastIndex(of: "/") else { return nil }
    return slash == whole.startIndex ? "/" : String(whole[..<slash])
  }

  private static func resolved(_ path: String) -> String? {
    guard let name = realpath(path, nil) else { return nil }
    defer { free(name) }
    return String(cString: name)
  }

  /// Whether an address leads to this machine itself, or to what answers on its own cable only.
  private func leadsHere(_ stream: StreamAddress) -> Bool {
    guard let host = stream.hostName else { return true }
    if let known = isOnThisMachine[host] { return known }
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, nil, nil, &found) == 0 else { return false }
    defer { freeaddrinfo(found) }
    var isHere = false
    var entry = found
    while let next = entry {
      if let address = next.pointee.ai_addr { isHere = isHere || OpenRules.isOwn(address) }
      entry = next.pointee.ai_next
    }
    isOnThisMachine[host] = isHere
    return isHere
  }

  /// 127.0.0.0/8, 0.0.0.0/8, 169.254.0.0/16, and the like of IPv6.
  private static func isOwn(_ address: UnsafePointer<sockaddr>) -> Bool {
    func isOwn(_ four: [UInt8]) -> Bool {
      four[0] == 127 || four[0] == 0 || four[0] == 169 && four[1] == 254
    }
    switch Int32(address.pointee.sa_family) {
    case AF_INET:
      let bytes = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { pointer in
        withUnsafeBytes(of: pointer.pointee.sin_addr) { Array($0) }
      }
      return isOwn(bytes)
    case AF_INET6:
      let bytes = address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
        withUnsafeBytes(of: pointer.pointee.sin6_addr) { Array($0) }
      }
      let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 255 && bytes[11] == 255
      if isMapped { return isOwn(Array(bytes[12...])) }
      let isLoopbackOrNone = bytes[..<15].allSatisfy { $0 == 0 } && bytes[15] <= 1
      return isLoopbackOrNone || bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80
    default: return false
    }
  }
}

/// What FFmpeg's readers and protocols can be told.
enum InputOptions {
  /// The first of the user's options, by name, that was not taken by the reader of a source.
  ///
  /// Layers below a protocol get copies of all options, so what is left over may have been used there; it only has to
  /// be known to some protocol.
  ///
  /// - Parameter left: what `avformat_open_input` left.
  static func unknown(of wanted: [String: String], left: OpaquePointer?, isNetwork: Bool) -> String? {
    wanted.keys.sorted().first { name in
      guard av_dict_get(left, name, nil, 0) != nil else { return false }
      return !isNetwork || !isKnownToProtocols(name)
    }
  }

  private static func isKnownToProtocols(_ name: String) -> Bool {
    var state: UnsafeMutableRawPointer?
    while let text = avio_enum_protocols(&state, 0) {
      if has(avio_protocol_get_class(text), name) { return true }
    }
    return false
  }

  /// Whether a class of FFmpeg has an option of this name.
  static func has(_ type: UnsafePointer<AVClass>?, _ name: String) -> Bool {
    guard var type else { return false }
    return withUnsafeMutablePointer(to: &type) {
      av_opt_find($0, name, nil, 0, AV_OPT_SEARCH_FAKE_OBJ) != nil
    }
  }
}
