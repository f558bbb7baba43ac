// Baton
// SPDX-License-Identifier: Apache-2.0

/// A command as the parser, the help and the completion see it.
struct CommandDescription: Sendable {
    /// Something to type, and what it does.
    struct Example: Sendable {
        let line: String
        let comment: String
    }

    /// What a command does; gives the exit code.
    typealias Action = @Sendable (CommandContext) throws(CommandFailure) -> ExitCode

    let name: String
    /// One line without a full stop.
    let summary: String
    var discussion = ""
    var arguments: [ArgumentDescription] = []
    var options: [OptionDescription] = []
    var examples: [Example] = []
    /// What the exit codes mean here, besides those every command has.
    var exits: [ExitCode] = []
    /// What it works on.
    var reach = Reach.folder
    /// Works, but is not shown.
    var isHidden = false
    var children: [CommandDescription] = []
    /// Name of the child that is meant when the next word is none.
    var fallback: String?
    var action: Action?

    /// It, or some command below it, can ask a server.
    var asksServers: Bool {
        children.isEmpty ? [.folderOrServer, .server].contains(reach) : children.contains(where: \.asksServers)
    }

    /// The same, and all commands below it, working on that.
    func reaching(_ reach: Reach) -> Self {
        var command = self
        command.reach = reach
        command.children = children.map { $0.reaching(reach) }
        return command
    }

    func child(_ name: String) -> CommandDescription? {
        children.first { $0.name == name }
    }
}

/// A word after the command.
struct ArgumentDescription: Sendable {
    enum Count: Equatable {
        case one
        case optional
        case many
        /// As many as are given; may be none.
        case any
        /// Everything from here on as it is, options included; may be nothing.
        case verbatim
    }

    /// As shown: `FILE`.
    let name: String
    let summary: String
    var count = Count.one
    /// What it can be, for completion.
    var completion = Completion.none

    enum Completion {
        case none
        case files
    }
}

/// An option, by its long name.
struct OptionDescription: Sendable {
    enum Kind: Equatable {
        /// Given or not.
        case flag
        /// `--NAME` and `--no-NAME`.
        case toggle(default: Bool)
        /// Any text; the parameter is shown as its name.
        case text(String)
        /// `NAME=VALUE`.
        case pair(String)
        /// A file or folder.
        case path(String)
        /// One of these.
        case choice(String, [String])
        /// An integer.
        case number(String, ClosedRange<Int>)
    }

    /// Without dashes.
    let name: String
    let kind: Kind
    /// One line without a full stop.
    let summary: String
    var short: Character?
    /// Used when it is not given; shown in the help.
    var defaultValue: String?
    /// Other names that are not shown.
    var aliases: [String] = []
    var isRepeated = false
    var isRequired = false

    /// The name of the value in the help; `nil` when there is none.
    var valueName: String? {
        switch kind {
        case .flag, .toggle: nil
        case .text(let name), .pair(let name), .path(let name), .number(let name, _): name
        case .choice(_, let choices): choices.joined(separator: "|")
        }
    }

    /// All long spellings, the shown ones first.
    var spellings: [String] {
        var names = [name] + aliases
        if case .toggle = kind { names.append("no-\(name)") }
        return names
    }
}
