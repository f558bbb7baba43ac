// Baton
// SPDX-License-Identifier: Apache-2.0

/// `baton help run start`.
enum HelpCommand {
    static let command: CommandDescription = .init(
        name: "help",
        summary: "Explain a command",
        arguments: [.init(name: "COMMAND", summary: "the words of a command", count: .verbatim)],
        examples: [.init(line: "baton help run start", comment: "the same as baton run start --help")]
    ) { context throws(CommandFailure) in
        var command = CommandTree.root
        var path = [command.name]
        for word in context.invocation.words["COMMAND"] ?? [] {
            guard let child = command.child(word) else {
                let guess = NearestName.find(word, among: command.children.map(\.name))
                throw .usage(
                    "there is no command `\((path + [word]).joined(separator: " "))`",
                    hint: guess.map { "did you mean `\((path + [$0]).joined(separator: " "))`?" }
                )
            }
            command = child
            path.append(word)
        }
        context.console.write(HelpText.text(of: command, path: path))
        return .ok
    }
}
