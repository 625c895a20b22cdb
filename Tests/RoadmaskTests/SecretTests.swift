// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ProgramTests {
  /// Passwords and what comes from the environment stay out of all that the program says.
  @Suite struct Secret {
    let work: Workplace

    init() throws { work = try Workplace() }

    private static let word = "Xq7-hunter2"

    private func expectSecret(_ arguments: [String]) throws {
      let environment = ["CAM_USER=Xq7-hunter2u", "CAM_PASS=\(Self.word)"]
      let result = try Started("/usr/bin/env", environment + [Program.path] + arguments, in: work.path)
        .wait()
      #expect(!result.isTimedOut)
      #expect(result.out + result.err != "", "\(arguments)")
      for text in [result.out, result.err] {
        #expect(!text.contains("hunter2"), "\(arguments): \(text)")
      }
    }

    @Test(arguments: [
      "source: { uri: \"rtsp://${CAM_USER}:${CAM_PASS}@127.0.0.1:1/x\", timeout: { connect: 1s } }",
      "source: { uri: \"http://${CAM_USER}:${CAM_PASS}@127.0.0.1:1/x?token=${CAM_PASS}\" }",
      "source: { uri: \"${CAM_PASS}.mp4\" }",
      "source: { uri: \"test:street?size=${CAM_PASS}\" }",
      "source: { uri: \"test:street?seconds=1\" }\nmodel: { file: \"${CAM_PASS}\" }",
      "source: { uri: \"test:street?seconds=1\" }\noutputs: [ { uri: \"${CAM_PASS}/x.mp4\" } ]",
      "source: { uri: \"test:street?seconds=1\" }\noutputs: [ { uri: \"${CAM_PASS}\" } ]",
      "source: { uri: \"test:street?seconds=1\" }\nstats: { file: \"${CAM_PASS}/x.jsonl\" }",
      "source: { uri: \"test:street?seconds=1\" }\nstages: { overlay: { palette: \"${CAM_PASS}\" } }",
      "source: { uri: \"test:street?seconds=1\" }\npipeline: { queue: \"${CAM_PASS}\" }",
      "source: { uri: \"test:street?seconds=1\" }\nstages: { encode: { codec: \"${CAM_PASS}\" } }\n"
        + "outputs: [ { uri: x.mp4 } ]",
      "name: \"${CAM_PASS}\"\nsource: { uri: none.mp4 }",
      "source: { uri: none.mp4, options: { rtsp_flags: \"${CAM_PASS}\" }, format: \"${CAM_PASS}\" }",
    ])
    func staysSecret(_ text: String) throws {
      try work.write("version: 1\n\(text)\nrestart: { policy: never }\n", to: "p.yaml")
      for arguments in [
        ["serve", "p.yaml", "-v"], ["serve", "p.yaml", "-v", "--log-format", "json"],
        ["serve", "p.yaml", "--dry-run"], ["config", "show", "p.yaml"],
        ["run", "--config", "p.yaml", "-v", "--report", "json", "--frames", "2", "--infer-size", "96x64"],
      ] {
        try expectSecret(arguments)
      }
    }

    @Test func passwordsOfTheCommandLineToo() throws {
      let uri = "rtsp://Xq7-hunter2u:\(Self.word)@127.0.0.1:1/x"
      for options in [["-v"], ["--dry-run"], ["--log-format", "json"]] {
        try expectSecret(["run", uri, "null:"] + options)
      }
      try expectSecret(["probe", uri])
      try expectSecret(["run", Street.short, uri.replacingOccurrences(of: "rtsp", with: "rtmp"), "-v"])
    }
  }
}
