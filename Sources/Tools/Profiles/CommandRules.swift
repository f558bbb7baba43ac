// Baton
// SPDX-License-Identifier: Apache-2.0

/// Which commands may run. What is denied goes before what is asked about, and that before what is allowed (spec 8.6).
public struct CommandRules: Sendable, Hashable {
    /// Only these may run; `nil` for all that nothing else speaks against.
    public var allow: [CommandPattern]?
    /// A person decides.
    public var ask: [CommandPattern] = []
    /// These do not run.
    public var deny: [CommandPattern] = []

    /// Rules that permit everything.
    public init() {}

    /// Nothing is said about commands, so they need not be looked at.
    var isEmpty: Bool { allow == nil && ask.isEmpty && deny.isEmpty }

    /// What comes of a command line for `sh`.
    func verdict(onLine text: String, depth: Int = 0) -> ToolVerdict {
        guard !isEmpty else { return .allow }
        let commands: [ShellCommands.Command]
        do throws(ShellCommands.Unclear) {
            commands = try ShellCommands(text).commands
        } catch {
            return .ask("the command line cannot be judged: \(error.reason)")
        }
        return commands.map { verdict(on: $0.words, depth: depth) }.max() ?? .allow
    }

    /// What comes of a program and its arguments.
    func verdict(on words: [String?], depth: Int = 0) -> ToolVerdict {
        guard !isEmpty else { return .allow }
        guard depth < 4 else { return .ask("commands within commands are nested too deeply") }
        guard let name = words.first ?? nil else { return .ask("which program runs depends on something") }
        if let rule = deny.first(where: { $0.means(words) == .yes }) { return .deny("commands.deny: \(rule)") }
        if let rule = ask.first(where: { $0.means(words) == .yes }) { return .ask("commands.ask: \(rule)") }
        if let rule = (deny + ask).first(where: { $0.means(words) == .perhaps }) {
            return .ask("it may be a command of the rule \(rule)")
        }
        let isNamed = allow?.contains { $0.permits(words) } ?? false
        switch CommandWrapper(words) {
        case .none: break
        case .command(let inner):
            // Whoever permits `env` permits no program by that.
            return verdict(on: inner, depth: depth + 1)
        case .line(let text?): return verdict(onLine: text, depth: depth + 1)
        case .line(nil), .unclear: return isNamed ? .allow : .ask("\(name) runs what cannot be judged")
        }
        return isNamed || allow == nil ? .allow : .deny("commands.allow does not have \(name)")
    }
}

/// A program that runs another one which its arguments name.
enum CommandWrapper {
    /// It is none.
    case none
    /// It runs this.
    case command([String?])
    /// It runs a command line; `nil` for one that is not known.
    case line(String?)
    /// It runs something.
    case unclear

    init(_ words: [String?]) {
        let name = (words.first ?? nil)?.split(separator: "/").last.map(String.init) ?? ""
        let rest = words.dropFirst()
        switch name {
        case "env":
            self = .past(rest, flags: ["-i", "-", "--ignore-environment"], takesVariables: true)
        case "nohup", "setsid", "time", "command", "exec", "builtin":
            self = .past(rest, flags: ["-p", "-w", "-c", "-f"])
        case "nice": self = .past(rest, flags: [], withValue: ["-n"])
        case "timeout":
            self = .past(rest, flags: ["--foreground", "--preserve-status"], withValue: ["-k", "-s"], skipping: 1)
        case "stdbuf": self = .past(rest, flags: [], joined: ["-i", "-o", "-e"])
        case "sh", "bash", "dash", "ash", "ksh", "zsh": self = .shell(rest)
        case "find":
            let isRunning = rest.contains { $0.map { $0.hasPrefix("-exec") || $0.hasPrefix("-ok") } ?? true }
            self = isRunning ? .unclear : .none
        case "python", "python2", "python3", "perl", "ruby", "node", "php", "lua", "tclsh", "osascript":
            let codes: Set<String> = ["-c", "-e", "-E", "-r", "-n", "-p", "--eval", "--print", "-"]
            let isCode = rest.isEmpty || rest.contains { $0.map { codes.contains($0) } ?? true }
            self = isCode ? .unclear : .none
        case _ where Self.others.contains(name): self = .unclear
        default: self = .none
        }
    }

    private static let others: Set<String> = [
        "xargs", "parallel", "sudo", "doas", "su", "runuser", "eval", ".", "source", "alias", "trap", "hash", "watch",
        "ssh", "chroot", "unshare", "nsenter", "flock", "strace", "ltrace", "gdb", "script", "busybox", "toybox", "awk",
        "gawk", "mawk", "nawk", "vi", "vim", "ex", "ed", "emacs", "expect", "at", "batch", "crontab", "systemd-run",
        "bwrap", "prlimit", "taskset", "ionice", "chrt", "xvfb-run", "dbus-run-session", "export", "set",
    ]

    /// The command after the options of its wrapper; one with other options is not known.
    private static func past(
        _ words: ArraySlice<String?>,
        flags: Set<String>,
        withValue: Set<String> = [],
        joined: [String] = [],
        skipping count: Int = 0,
        takesVariables: Bool = false
    ) -> Self {
        var rest = words
        while let word = rest.first {
            guard let word else { return .unclear }
            if word == "--" {
                rest = rest.dropFirst()
                break
            }
            if takesVariables, let sign = word.firstIndex(of: "="), !word.hasPrefix("-") {
                let name = String(word[..<sign])
                guard !["PATH", "IFS", "ENV", "BASH_ENV"].contains(name), !name.hasPrefix("LD_") else {
                    return .unclear
                }
                rest = rest.dropFirst()
            } else if flags.contains(word) {
                rest = rest.dropFirst()
            } else if withValue.contains(word) {
                rest = rest.dropFirst(2)
            } else if joined.contains(where: { word.hasPrefix($0) && word != $0 }) {
                rest = rest.dropFirst()
            } else if word.hasPrefix("-"), word != "-" {
                return .unclear
            } else {
                break
            }
        }
        rest = rest.dropFirst(count)
        return rest.isEmpty ? .none : .command(Array(rest))
    }

    /// `-c LINE`, also after or among flags that change nothing about what runs.
    private static func shell(_ words: ArraySlice<String?>) -> Self {
        guard let first = words.first, let option = first, option.hasPrefix("-"), option.hasSuffix("c"),
            option.dropFirst().allSatisfy({ "euxlc".contains($0) }), let line = words.dropFirst().first
        else { return .unclear }
        return .line(line)
    }
}
