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
    var dataFolder: String {
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "/"
        let set = environment["BATON_HOME"].flatMap { $0.isEmpty ? nil : $0 }
        return absolute(invocation.options["data"]?.last ?? set ?? "\(home)/.baton")
    }

    /// Who acts: `user:NAME`.
    var actor: String {
        "user:" + (environment["USER"].flatMap { $0.isEmpty ? nil : $0 } ?? String(getuid()))
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
