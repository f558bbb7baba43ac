// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
public import Tools

/// How the program of an agent of kind `cli` is started and understood.
///
/// In its arguments and variables stand `{gateway}`, `{token}`, `{model}`, `{session}`, `{workspace}`, `{task}` (the path of
/// TASK.md) and `{result}` (where a result may be posted).
public struct CLIProgram: Sendable, Hashable {
    /// What it writes to its standard output.
    public enum Form: String, Sendable, CaseIterable {
        /// `stream-json` of Claude Code.
        case claude
        /// The JSON lines of `codex exec`.
        case codex
        /// The Agent Client Protocol, both ways.
        case acp
        /// Words; the result stands between `<result>` and `</result>`.
        case text
    }

    /// A name of the search path, or an absolute path.
    public var command: String
    /// Begins a session.
    public var arguments: [String]
    /// Goes on with one; `nil` when the program cannot.
    public var resume: [String]?
    /// What it writes.
    public var form: Form
    /// Its variables.
    public var environment: [String: String]
    /// Folders it needs besides the system and its own, read-only.
    public var readPaths: [String]
    /// So long nothing may be heard of it.
    public var silence: Duration
    /// Private memory of each of its processes, in bytes; `nil` is unlimited.
    public var memoryBytes: Int?
    /// Where it may connect to besides the models; `nil` for nowhere.
    public var network: EgressRules?
    /// What to do when it is not there, as the end of a sentence.
    public var hint: String?

    /// A program that is told its task on standard input.
    public init(command: String, arguments: [String] = [], form: Form = .text) {
        (self.command, self.arguments, self.form) = (command, arguments, form)
        (environment, readPaths, silence) = ([:], [], .seconds(60))
        memoryBytes = 8 << 30
    }

    /// It can go on with a session.
    var canResume: Bool { resume != nil || form == .acp }

    /// The keys of the front matter that are only for programs.
    static let keys = [
        "command", "args", "resume", "output", "env", "read", "silence", "memory_mib", "network", "install",
    ]

    /// Reads the keys of a record; `nil` for an agent that is no program.
    init?(_ fields: JSONObject) throws(Wrong) {
        switch fields["kind"]?.stringValue ?? (fields["kind"] == nil ? "model" : "") {
        case "cli": break
        case "model":
            if let key = Self.keys.first(where: { fields[$0] != nil }) {
                throw Wrong(rule: "`\(key)` is only for agents of `kind: cli`")
            }
            return nil
        default: throw Wrong(rule: "`kind` must be model or cli")
        }
        guard let command = fields["command"]?.stringValue, !command.isEmpty,
            !command.contains("/") || command.hasPrefix("/")
        else { throw Wrong(rule: "`command` must be the name of a program or an absolute path") }
        self.init(command: command, arguments: try Self.words(fields, "args") ?? [])
        resume = try Self.words(fields, "resume")
        readPaths = try Self.words(fields, "read") ?? []
        guard readPaths.allSatisfy({ $0.hasPrefix("/") }) else { throw Wrong(rule: "`read` must be absolute paths") }
        if let word = fields["output"] {
            guard let form = word.stringValue.flatMap(Form.init) else {
                throw Wrong(rule: "`output` must be one of \(Form.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            self.form = form
        }
        for member in fields["env"]?.objectValue ?? [:] {
            guard let value = member.value.stringValue, !member.key.isEmpty, !member.key.contains("=") else {
                throw Wrong(rule: "`env` must be names and texts")
            }
            environment[member.key] = value
        }
        if let word = fields["silence"] {
            guard let span = word.stringValue.flatMap({ Duration(text: $0) }), span >= .seconds(1) else {
                throw Wrong(rule: "`silence` must be a span such as 60s, at least 1s")
            }
            silence = span
        }
        if let value = fields["memory_mib"] {
            guard let number = value.intValue, (16...1 << 20).contains(number) else {
                throw Wrong(rule: "`memory_mib` must be between 16 and 1048576")
            }
            memoryBytes = Int(number) << 20
        }
        if let list = fields["network"] {
            do throws(EgressRules.Invalid) {
                network = try EgressRules(list)
            } catch {
                throw Wrong(rule: "`network`: \(error)")
            }
        }
        hint = fields["install"]?.stringValue
    }

    private static func words(_ fields: JSONObject, _ key: String) throws(Wrong) -> [String]? {
        guard let value = fields[key] else { return nil }
        let words = value.arrayValue?.compactMap(\.stringValue) ?? []
        guard words.count == value.arrayValue?.count else { throw Wrong(rule: "`\(key)` must be a list of texts") }
        return words
    }

    struct Wrong: Error {
        let rule: String
    }

    /// A text with its places filled.
    static func fill(_ text: String, _ values: [String: String]) -> String {
        guard text.contains("{") else { return text }
        var result = ""
        var rest = Substring(text)
        while let start = rest.firstIndex(of: "{") {
            result += rest[..<start]
            rest = rest[start...]
            if let end = rest.firstIndex(of: "}"), let value = values[String(rest[rest.index(after: start)..<end])] {
                result += value
                rest = rest[rest.index(after: end)...]
            } else {
                result += "{"
                rest = rest.dropFirst()
            }
        }
        return result + rest
    }
}
