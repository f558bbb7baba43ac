// Baton
// SPDX-License-Identifier: Apache-2.0

/// `baton completion`.
enum CompletionCommand {
    static let command: CommandDescription = .init(
        name: "completion",
        summary: "Write the script that lets a shell complete commands and options",
        arguments: [.init(name: "SHELL", summary: "bash, zsh or fish")],
        examples: [
            .init(line: "source <(baton completion bash)", comment: "in ~/.bashrc"),
            .init(line: "baton completion zsh > ~/.zfunc/_baton", comment: "in a folder of $fpath"),
            .init(line: "baton completion fish > ~/.config/fish/completions/baton.fish", comment: "for fish"),
        ]
    ) { context throws(CommandFailure) in
        let shell = context.invocation.word("SHELL")
        guard let script = CompletionScript(CommandTree.root).script(for: shell) else {
            throw .usage("there is no script for `\(shell)`", hint: "SHELL is bash, zsh or fish")
        }
        context.console.write(script)
        return .ok
    }
}
