// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Runs
import Stages

struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Run pipeline files as an appliance: all at once, again when they fail.",
    usage: "roadmask serve [<options>] <files> ...",
    discussion: """
      The pipelines share the threads, and equal models. One that ends is started again as its 'restart' says \
      (on-failure by default); lost sources are waited for, and a lost output stops nothing else. Files that are \
      there already stay, and the next get a number: front-001.mp4.

      SIGTERM and SIGINT finish all outputs (5 s at most) and exit with 0; a second one ends at once. SIGHUP is \
      ignored: to change a file, restart the program. systemd is told when all have started, and as long as \
      they make progress (Type=notify, WatchdogSec); pipelines/roadmask.service is a unit for it.
      """)

  @Argument(help: "Pipeline files (.yaml).") var files: [String]

  @Option(help: "CPU threads of all pipelines together. (default: what quota and affinity allow)")
  var threads: Int?

  @Flag(help: "Check the files, say what would run, and stop.") var dryRun = false

  @OptionGroup var logging: LogOptions

  func run() throws {
    // Chooses the form of messages before the first.
    LogStyle.current = logging.settings.style
    if let threads, !(1...1024).contains(threads) {
      throw Problem(.usage, "RM-USE-002", "--threads cannot be '\(threads)'", hint: "allowed: 1 to 1024")
    }
    let plan = try ServicePlan(files: files, threads: threads.map { ThreadBudget(total: $0) })
    if dryRun {
      for line in plan.description { Console.data(line) }
    } else {
      try Service(plan, logging: logging.settings).run()
    }
  }
}
