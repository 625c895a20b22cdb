// SPDX-License-Identifier: Apache-2.0

public import Addresses
public import Buffers
public import CPU
public import Frames
public import Pixels

/// Everything that describes a run. The initial values are the defaults; `nil` means that the run decides.
///
/// A pipeline file, `--set` and the command line all fill in this one value.
public struct PipelineConfig: Sendable, Equatable {
  /// Where frames come from.
  public struct Source: Sendable, Equatable {
    /// What is done about a live source that is lost.
    public struct Reconnect: Sendable, Equatable {
      /// Where nothing is said; `serve` tries for ever.
      public static let usual = Attempts.times(5)

      /// Failed tries in a row after which the run ends; `usual`.
      public var attempts: Attempts?
      /// The shortest wait and the longest.
      public var backoff = TimeSpanRange(
        shortest: TimeSpan(seconds: 1), longest: TimeSpan(seconds: 30))
      /// By what share waits are made longer or shorter at random.
      public var jitter = 0.2
    }

    /// File, folder, pattern, address, `-`, or `test:street?…`, as it was written.
    public var uri = "" { didSet { address = SourceAddress(uri) } }
    /// What `uri` names.
    public private(set) var address = SourceAddress("")
    /// Further recordings behind `uri`, played as one film with it; set on the command line.
    public var clips: [String] = []
    /// True paces a file by its timestamps and selects `latest`, false selects `block`; by the kind of
    /// source.
    public var isLive: Bool?
    public var start: TimeSpan?
    public var end: TimeSpan?
    public var duration: TimeSpan?
    /// Frames to deliver at most.
    public var frames: Int?
    /// Every n-th frame is used.
    public var stride = 1
    /// The picture track, from 1; the film, or the best variant of one.
    public var track: Int?
    /// A demuxer of libavformat, and options for it.
    public var format: String?
    /// Of a camera: the nearest to 1280x720; the lowest rate from 30 on; the format that costs least.
    public var size: PixelSize?
    public var rate: Double?
    public var pixelFormat: String?
    public var options: [String: String] = [:]
    /// By which it may open whatever it names: `file,https`. Playlists otherwise open what is of their kind only.
    public var allowedProtocols: String?
    /// Of RTSP.
    public var transport = VideoReader.Transport.tcp
    public var reconnect = Reconnect()
    public var connectTimeout = TimeSpan(seconds: 10)
    public var stallTimeout = TimeSpan(seconds: 4.5)
  }

  public struct Model: Sendable, Equatable {
    public enum Precision: String, Sendable, CaseIterable { case auto, fp32, fp16, bf16, int8 }

    /// An installed name or a path; the installed default.
    public var file: String?
    public var precision = Precision.auto
    public var size: PixelSize?
  }

  public struct Flow: Sendable, Equatable {
    /// What a live run does while the network cannot keep up.
    public enum Adapt: String, Sendable, CaseIterable {
      case none
      /// The network sees every 2nd, 3rd… frame; those between get the labels of the one before.
      case skip
      /// The network sees a smaller picture.
      case resolution
    }

    /// `block` for files, `latest` for live sources.
    public var policy: OverloadPolicy?
    /// Places between two stages: 4 under `block`, else 1.
    public var queue: Int?
    /// Frames from `infer` on: 2 for live sources, for files what the queues hold.
    public var inFlight: Int?
    public var latencyBudget: TimeSpan?
    public var adapt = Adapt.none
    /// Total of the process; what quota and affinity allow.
    public var threads: Int?
    /// Lowers the CPU level; the best there is.
    public var cpu: CPULevel?
  }

  public struct Decode: Sendable, Equatable {
    /// Clockwise degrees; what the source asks for.
    public var rotate: Rotation?
    public var matrix: ColorMatrix?
    public var range: ColorRange?
    public var discardCorrupt = false
    /// Of interlaced pictures: one for each, none, or one for each field.
    public var deinterlace = Deinterlacing.auto
    /// Of pictures of high dynamic range: brought to BT.709, or kept.
    public var hdr = HDRMode.map
    /// Share of failed frames from which a finished run counts as missed.
    public var maxErrors = 0.01
  }

  public struct Resize: Sendable, Equatable {
    /// `letterbox` keeps the proportions and leaves the rest of the model input empty.
    public enum Fit: String, Sendable, CaseIterable { case stretch, letterbox }

    public var fit = Fit.stretch
  }

  public struct Argmax: Sendable, Equatable {
    /// Whether logits are interpolated before the winner is taken.
    public var filter = LabelFilter.linear
  }

  public struct Overlay: Sendable, Equatable {
    public var view = OverlayView.overlay
    /// 0 shows the source, 1 the colours.
    public var alpha = 0.5
    /// A built-in palette or a file; the model's.
    public var palette: String?
  }

  public struct Encode: Sendable, Equatable {

    public var codec = "libx264"
    public var crf = 23.0
    /// Bits a second, in place of `crf`.
    public var bitrate: Int?
    public var preset = "veryfast"
    /// From a key frame to the next.
    public var gop = TimeSpan(seconds: 1)
    /// `auto` for files, `none` for live sources.
    public var audio: SoundMode?
    /// Nothing that travels beside the film is kept: places, dates, makes, chapters, subtitles, data.
    public var stripMetadata = false
  }

  /// How certificates of sources and peers are checked.
  public struct TLS: Sendable, Equatable {
    /// A file of certificates in PEM to trust; the system's.
    public var authorities: String?
    /// Whether any certificate is taken.
    public var isInsecure = false
  }

  public struct ReportOptions: Sendable, Equatable {
    public enum Form: String, Sendable, CaseIterable { case text, json, markdown, none }
    public enum Progress: String, Sendable, CaseIterable { case auto, line, plain, json, none }

    public var format = Form.text
    /// Standard error.
    public var file: String?
    public var progress = Progress.auto
    /// Under `serve`, from one line about the run to the next.
    public var period: TimeSpan? = usualPeriod
    static let usualPeriod = TimeSpan(seconds: 60)
  }

  /// How pages and metrics are served.
  public struct Web: Sendable, Equatable {
    /// Where metrics and health are served; nowhere.
    public var listen: ListenAddress?
    /// `NAME:HASH` or `NAME:HASH:ROLE` as `htpasswd -nB` writes it; the role is `view` or `metrics`.
    public var users = Users()
    /// A file with a token a line, and behind it a role.
    public var tokens: String?
    /// Names that the server answers to besides this machine's.
    public var hosts = Words()
    /// Files in PEM form: the chain of certificates, and the key.
    public var certificate: String?
    public var key: String?
    /// Lets everybody on the network see everything.
    public var isInsecure = false

    /// Users with hashes of their passwords, which are not shown.
    public struct Users: Sendable, Hashable {
      public var list: [String] = []

      public init(_ list: [String] = []) { self.list = list }
    }

    /// For a browser on this machine.
    func url(of address: ListenAddress) -> String { address.url(isTLS: certificate != nil) }
  }

  /// What `serve` does when the pipeline has ended.
  public struct Restart: Sendable, Equatable {
    public enum Policy: String, Sendable, CaseIterable {
      case never
      case onFailure = "on-failure"
      case always
    }

    public var policy = Policy.onFailure
    public var backoff = TimeSpanRange(shortest: TimeSpan(seconds: 1), longest: TimeSpan(seconds: 30))
  }

  /// Folders into which the stages write what they give; a run without any writes nothing.
  public struct Taps: Sendable, Equatable {
    public var decode: String?
    public var resize: String?
    public var infer: String?
    public var argmax: String?
    public var overlay: String?

    public var folders: [String] { [decode, resize, infer, argmax, overlay].compactMap { $0 } }
  }

  /// What helps to see what a run does.
  public struct Inspection: Sendable, Equatable {
    /// A timeline of the run, for Chrome's trace viewer.
    public var trace: String?
    public var taps = Taps()
  }

  public var version = 1
  /// `main`, or the stem of the pipeline file.
  public var name: String?
  public var source = Source()
  public var model = Model()
  public var flow = Flow()
  public var decode = Decode()
  public var resize = Resize()
  public var argmax = Argmax()
  public var overlay = Overlay()
  public var encode = Encode()
  public var outputs: [OutputConfig] = []
  /// A JSON line for each frame.
  public var statsFile: String?
  public var report = ReportOptions()
  /// The pages and metrics over HTTP.
  public var web = Web()
  public var tls = TLS()
  public var restart = Restart()
  public var inspection = Inspection()

  public init() {}
}

/// One output of a run.
public struct OutputConfig: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable {
    /// The picture, in the view of `overlay`.
    case video
    /// Class ids as lossless gray video.
    case mask
    /// Class ids as pictures with a palette, numbered in a folder.
    case png
    /// Checksums of each frame, as text.
    case hash
    /// The true classes of a `test:` source, as lossless gray video.
    case truth
    /// A page over HTTP that shows the picture and the figures.
    case preview
    case null
  }
  /// `train` counts the classes of the model from 0; `label` is the data set's own numbering.
  public enum Ids: String, Sendable, CaseIterable { case train, label }
  public enum OnError: String, Sendable, CaseIterable { case stop, `continue` }
  /// What happens when frames come faster than the output takes them.
  public enum OnSlow: String, Sendable, CaseIterable { case block, drop }
  /// When data is forced to the disk: with each closed fragment, or once at the end.
  public enum Sync: String, Sendable, CaseIterable { case fragment, close }
  /// Which of its own segments an output removes, the oldest first.
  public struct Keep: Sendable, Equatable {
    public var age: TimeSpan?
    /// Of all segments together.
    public var size: ByteCount?
    /// What must stay free on the disk.
    public var minFree: ByteCount?
  }
  /// Behind which stage checksums are taken.
  public enum Tap: String, Sendable, CaseIterable { case decode, argmax, overlay }

  /// As it was written.
  public var uri: String { didSet { address = OutputAddress(uri) } }
  /// What `uri` names.
  public private(set) var address: OutputAddress
  /// By the extension.
  public var kind: Kind?
  public var ids = Ids.train
  /// Seconds that a crash may cost; `nil` writes one index at the end.
  public var fragment: TimeSpan? = usualFragment
  static let usualFragment = TimeSpan(seconds: 0.5)
  public var isFastStart = false
  public var overwrite = false
  /// `continue` for live pushes to a peer, else `stop`.
  public var onError: OnError?
  /// `drop` where the pipeline drops, else `block`; a preview always drops.
  public var onSlow: OnSlow?
  /// `fragment` for live sources, else `close`.
  public var sync: Sync?
  /// Length of the files that a video is cut into; one file.
  public var segment: TimeSpan?
  public var keep = Keep()
  /// Pictures a second of a preview, at most.
  public var fps = 10.0
  /// A container by FFmpeg's name, `yuv4mpegpipe` or `rawvideo`; by the extension.
  public var format: String?
  public var tap = Tap.argmax

  public init(uri: String, kind: Kind? = nil) {
    self.uri = uri
    address = OutputAddress(uri)
    self.kind = kind
  }
}
