// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What a command may use.
struct CommandContext {
    let invocation: Invocation
    let console: Console
    /// The process' environment.
    let environment: [String: String]
    /// An absolute path.
    let currentDirectory: String

    /// The folder with everything that is kept; an absolute path.
    var dataFolder: String { invocation.options["data"]?.last.map(absolute) ?? homeFolder }

    /// The usual data folder, which also holds what the command line keeps of servers.
    var homeFolder: String {
        absolute(variable("BATON_HOME") ?? "\(variable("HOME") ?? "/")/.baton")
    }

    /// A variable of the environment; an empty one counts as missing.
    func variable(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Who acts: `user:NAME`.
    var actor: String {
        "user:" + (variable("USER") ?? String(getuid()))
    }

    /// The path against the folder the person is in, without `.`, `..` and double slashes.
    func absolute(_ path: String) -> String {
        let whole = path.hasPrefix("/") ? path : "\(currentDirectory)/\(path)"
        var parts: [Substring] = []
        for part in whole.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// The command line, for messages of other processes.
    var commandLine: String {
        invocation.path.joined(separator: " ")
    }
}
