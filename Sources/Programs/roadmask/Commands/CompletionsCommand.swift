// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct CompletionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "completions", abstract: "Print the script by which a shell completes words.",
    discussion: """
      bash   roadmask completions bash \\
                 > ~/.local/share/bash-completion/completions/roadmask
      zsh    roadmask completions zsh > a folder of $fpath, as _roadmask
      fish   roadmask completions fish > ~/.config/fish/completions/roadmask.fish
      """)

  enum Shell: String, CaseIterable, ExpressibleByArgument { case bash, zsh, fish }

  @Argument(help: "bash, zsh or fish.") var shell: Shell

  func run() {
    let shells: [Shell: CompletionShell] = [.bash: .bash, .zsh: .zsh, .fish: .fish]
    print(Roadmask.completionScript(for: shells[shell]!))
  }
}
