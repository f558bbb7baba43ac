// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Engine
import JSON
import Model

/// What is said when a run was followed as far as it goes.
struct RunReport {
    let details: RunDetails
    /// What people can answer, as the API has it; reviews of tasks among it.
    private let requests: [JSONValue]
    private let explanation: JSONValue
    private let ending: RunDriver.Ending
    private let context: CommandContext

    /// - Parameters:
    ///   - requests: Open requests of the run, `{id, kind, title, message, choices[], …}`.
    ///   - explanation: What the run waits for; see ``Explanation``.
    init(
        _ details: RunDetails,
        ending: RunDriver.Ending,
        requests: [JSONValue],
        explanation: JSONValue,
        _ context: CommandContext
    ) {
        self.details = details
        self.ending = ending
        self.requests = ending == .needsPerson || ending == .needsMoney ? requests : []
        self.explanation = context.completed(commandsIn: explanation)
        self.context = context
    }

    private var console: Console { context.console }

    /// - Parameter wanted: The status that is a success.
    func exit(wanted: RunStatus) -> ExitCode {
        switch ending {
        case .ended: details.status == wanted.rawValue ? .ok : .runFailed
        case .paused: .ok
        case .noWorker: .unavailable
        case .needsPerson: .needsPerson
        case .needsMoney: .budget
        case .interrupted: .interrupted
        case .timedOut: .unavailable
        }
    }

    /// Writes the result; where events were written as JSON lines they have said everything.
    func show(isFollowed: Bool) {
        if console.settings.format == .table {
            for line in lines(isFollowed: isFollowed) { console.line(line) }
        } else if console.settings.format != .jsonl || !isFollowed {
            console.show(.object(json)) { "" }
        }
        console.flush()
        if ending == .timedOut { console.complain("baton: timeout: the run has not ended in the time that was given") }
        guard [.interrupted, .timedOut].contains(ending) else { return }
        if details.workspace == nil {
            console.complain("\(details.id) goes on; `\(command("run watch \(details.id)"))` watches it")
        } else {
            console.complain("\(details.id) is durable; `\(command("run resume \(details.id)"))` continues it")
        }
    }

    private var json: JSONObject {
        var result = details.json
        if !requests.isEmpty {
            result["waiting_for"] = .array(requests.map(Self.brief))
        }
        if !causes.isEmpty { result["causes"] = .array(causes.map(JSONValue.string)) }
        return result
    }

    private static func brief(_ request: JSONValue) -> JSONValue {
        var result = JSONObject()
        result["human_task"] = request["id"]
        for key in ["kind", "title", "message"] { result[key] = request[key] }
        let choices = request["choices"]?.arrayValue ?? []
        result["choices"] = .array(choices.compactMap { $0["id"] })
        return .object(result)
    }

    private func lines(isFollowed: Bool) -> [String] {
        let status = console.settings.outputStyle.status(details.status)
        var lines: [String] = []
        if isFollowed {
            // A run of a server goes on.
            let word = [.interrupted, .timedOut].contains(ending) && details.workspace != nil ? "interrupted" : status
            lines.append("\(details.id) \(word) after \(TimeText.span(details.duration))")
        } else {
            lines.append(status)
        }
        if let error = details.error { lines.append("error: \(TextWidth.oneLine(error))") }
        lines += causes.map { "  \(TextWidth.oneLine($0))" }
        for request in requests { lines += self.lines(request) }
        lines += otherWaits
        guard isFollowed else { return lines }
        lines += details.outputLines
        if let workspace = details.workspace { lines.append("workspace: \(workspace)") }
        lines.append("more: \(command("run get \(details.id)")) · \(command("run logs \(details.id)"))")
        return lines
    }

    private func lines(_ request: JSONValue) -> [String] {
        let item = waits.first { $0["human_task"] != nil && $0["human_task"] == request["id"] }
        let what = item?["kind"]?.stringValue == "review" ? "a person has to decide" : "a person has to answer"
        var lines = ["\(what): \(TextWidth.oneLine(request["title"]?.stringValue ?? ""))"]
        let message = request["message"]?.stringValue ?? ""
        lines += TextWidth.printable(message).split(separator: "\n").prefix(20).map { "  | \($0)" }
        return lines + commands(item).map { "  \($0)" }
    }

    /// Signals and runs that have to come to an end.
    private var otherWaits: [String] {
        guard [.needsPerson, .needsMoney, .paused, .noWorker].contains(ending) else { return [] }
        return waits.flatMap { item -> [String] in
            let name = "`\(item["task"]?.stringValue ?? "")`"
            let sentence = item["explanation"]?.stringValue ?? ""
            switch item["kind"]?.stringValue {
            case "paused": return ["\(name) is \(sentence)"] + commands(item).map { "  \($0)" }
            case "worker": return ["\(name) is \(sentence)"]
            case "signal", "child", "budget":
                return ["\(name) \(sentence)"] + commands(item).prefix(1).map { "  \($0)" }
            default: return []
            }
        }
    }

    private var waits: [JSONValue] { explanation["waiting_for"]?.arrayValue ?? [] }

    private func commands(_ item: JSONValue?) -> [String] {
        (item?["commands"]?.arrayValue ?? []).compactMap(\.stringValue)
    }

    private var causes: [String] { (explanation["causes"]?.arrayValue ?? []).compactMap(\.stringValue) }

    private func command(_ words: String) -> String { context.command(words) }
}

extension CommandContext {
    /// A command to type, with the data folder if another one than usual was given.
    func command(_ words: String) -> String { completed("baton \(words)") }

    /// A whole command, likewise.
    func completed(_ command: String) -> String {
        let options = ["data", "server", "profile"].compactMap { name in
            invocation.options[name]?.last.map { (name, name == "data" ? dataFolder : $0) }
        }
        return command + options.map { " --\($0.0) \($0.1.shellQuoted)" }.joined()
    }

    /// An explanation, with the `commands` of everything that waits likewise.
    func completed(commandsIn explanation: JSONValue) -> JSONValue {
        guard var result = explanation.objectValue, let items = result["waiting_for"]?.arrayValue else {
            return explanation
        }
        result["waiting_for"] = .array(
            items.map { item in
                guard var fields = item.objectValue, let commands = fields["commands"]?.arrayValue else { return item }
                fields["commands"] = .array(commands.map { .string(completed($0.stringValue ?? "")) })
                return .object(fields)
            }
        )
        return .object(result)
    }
}

extension String {
    /// The word as a shell reads it back.
    var shellQuoted: String {
        let isPlain =
            !isEmpty
            && utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                    || "_-./=:@%+,".utf8.contains(byte)
            }
        return isPlain
            ? self : "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
