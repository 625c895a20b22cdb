// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ProgramTests {
  /// `eval`: its three ways, and its figures against those of numpy.
  @Suite struct Evaluations {
    let work: Workplace

    init() throws { work = try Workplace() }

    private func eval(_ options: [String], sourceLocation: SourceLocation = #_sourceLocation) throws
      -> [String: Any]
    {
      let result = try work.run(["eval", "--json"] + options)
      #expect(result.status == 0, "\(result.err)", sourceLocation: sourceLocation)
      return try #require(try JSONSerialization.jsonObject(with: Data(result.out.utf8)) as? [String: Any])
    }

    @Test func labelsOfAStreetAgainstItsTruth() throws {
      try work.label([Street.short, "null:", "--mask", "m.mkv", "--truth", "t.mkv"])
      let videos = try eval(["--pred", "m.mkv", "--truth", "t.mkv"])
      let drawn = try eval(["--source", Street.short, "--infer-size", "96x64"])
      #expect(videos["confusion"] as? [[Int]] == drawn["confusion"] as? [[Int]])
      #expect(videos["miou"] as? Double == drawn["miou"] as? Double)
      #expect(drawn["frames"] as? Int == 10 && drawn["pixels"] as? Int == 10 * 192 * 128)
      #expect((drawn["miou"] as? Double ?? 1) < 0.9, "a small picture is not labelled without faults")
    }

    @Test func anythingAgainstItselfIsRight() throws {
      try work.label([Street.short, "null:", "--truth", "t.mkv"])
      let result = try work.run(["eval", "--pred", "t.mkv", "--truth", "t.mkv"])
      #expect(result.status == 0)
      #expect(result.out.contains("pixel accuracy 100.00%   mIoU 100.00%"), "\(result.out)")
      let scores = try eval(["--pred", "t.mkv", "--truth", "t.mkv"])
      #expect(scores["pixel_accuracy"] as? Double == 1 && scores["miou"] as? Double == 1)
    }

    @Test func videosOfOtherFramesAreRefused() throws {
      try work.label([Street.short, "v.mp4", "--truth", "t.mkv", "--mask", "m.mkv", "--frames", "4"])
      try work.label([Street.short, "null:", "--truth", "five.mkv", "--frames", "5"])
      expectRefusal(
        try work.run(["eval", "--pred", "m.mkv", "--truth", "five.mkv"]), "RM-EVAL-004", "after 4 frames")
      expectRefusal(try work.run(["eval", "--pred", "v.mp4", "--truth", "t.mkv"]), "RM-EVAL-003", "v.mp4")
      expectRefusal(try work.run(["eval"]), "RM-USE-005")
      expectRefusal(try work.run(["eval", "--source", "test:bars"]), "RM-USE-005", "test:street")
      expectRefusal(try work.run(["eval", "--images", "none", "--labels", "none"]), "RM-IN-001", "none")
    }

    /// numpy, and an own reader and writer of PNG, so that nothing of ours judges itself.
    static let script = #"""
      import sys, os, zlib, struct, json
      import numpy as np

      def read(path):
          data, at, packed = open(path, 'rb').read(), 8, b''
          while at < len(data):
              size, kind = struct.unpack('>I4s', data[at:at + 8])
              body = data[at + 8:at + 8 + size]
              if kind == b'IHDR': width, height, depth, color = struct.unpack('>IIBB', body[:10])
              if kind == b'IDAT': packed += body
              at += size + 12
          assert depth == 8 and color in (0, 3)
          rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, width + 1).astype(int)
          out = np.zeros((height + 1, width + 1), int)
          for y in range(height):
              for x in range(width):
                  a, b, c = out[y + 1, x], out[y, x + 1], out[y, x]
                  p = a + b - c
                  near = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
                  out[y + 1, x + 1] = (rows[y, x + 1] + (0, a, b, (a + b) // 2, near)[rows[y, 0]]) % 256
          return out[1:, 1:]

      def write(path, values):
          def chunk(kind, body):
              return struct.pack('>I', len(body)) + kind + body + struct.pack('>I', zlib.crc32(kind + body))
          height, width = values.shape
          rows = b''.join(b'\0' + bytes(row.astype(np.uint8)) for row in values)
          header = struct.pack('>IIBBBBB', width, height, 8, 0, 0, 0, 0)
          open(path, 'wb').write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header)
              + chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))

      task, predicted, labels = sys.argv[1:]
      names = sorted(os.listdir(predicted))
      if task == 'make':
          for name in names:
              values = np.roll(read(f'{predicted}/{name}'), 5, axis=1)
              values[:, :7] = 255
              write(f'{labels}/{name}', values)
      else:
          counts = np.zeros((11, 11), np.int64)
          for name in names:
              truth, found = read(f'{labels}/{name}'), read(f'{predicted}/{name}')
              keep = truth < 11
              np.add.at(counts, (truth[keep], found[keep]), 1)
          hit = np.diag(counts).astype(float)
          union = counts.sum(0) + counts.sum(1) - hit
          iou = [hit[i] / union[i] if union[i] else None for i in range(11)]
          present = [value for value in iou if value is not None]
          print(json.dumps({'confusion': counts.tolist(), 'accuracy': hit.sum() / counts.sum(),
                            'miou': sum(present) / len(present)}))
      """#

    static let python: String? = {
      let named = ProcessInfo.processInfo.environment["ROADMASK_PYTHON"]
      return [named, "python3"].compactMap { $0 }.first {
        (try? Program.tool($0, ["-c", "import numpy"], in: "/tmp"))??.status == 0
      }
    }()

    @Test(.enabled(if: python != nil, "needs a Python with numpy; name one in ROADMASK_PYTHON"))
    func figuresAreThoseOfNumpy() throws {
      func script(_ arguments: [String]) throws -> String {
        let python = try #require(Self.python)
        let result = try #require(try Program.tool(python, ["-c", Self.script] + arguments, in: work.path))
        #expect(result.status == 0, "\(result.err)")
        return result.out
      }
      for name in ["pictures", "labels"] { try work.folder(name) }
      try work.label([Street.short, "pictures/%06d.png", "--frames", "3", "--alpha", "0"])
      try work.label(["pictures", "null:", "--mask-png", "found"])
      _ = try script(["make", "found", "labels"])
      let ours = try eval(["--images", "pictures", "--labels", "labels", "--infer-size", "96x64"])
      let text = try script(["score", "found", "labels"])
      let theirs = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      #expect(ours["confusion"] as? [[Int]] == theirs["confusion"] as? [[Int]])
      #expect(ours["frames"] as? Int == 3 && ours["pixels"] as? Int == 3 * 128 * (192 - 7))
      for (our, their) in [("pixel_accuracy", "accuracy"), ("miou", "miou")] {
        let (a, b) = (try #require(ours[our] as? Double), try #require(theirs[their] as? Double))
        #expect(abs(a - b) < 1e-6 && a > 0.1 && a < 1, "\(our) \(a) \(b)")
      }
    }
  }
}
