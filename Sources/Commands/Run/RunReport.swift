// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Engine
import JSON
import Model

/// What is said when a run was driven as far as it goes.
struct RunReport {
    private let details: RunDetails
    private let ending: RunDriver.Ending
    private let context: CommandContext
    private let pauses: PauseTable

    init(
        _ state: RunState,
        ending: RunDriver.Ending,
        context: CommandContext,
        workspaces: Workspaces,
        pauses: PauseTable
    ) {
        details = RunDetails(state: state, workspace: workspaces.path(of: state.id), now: SystemClock().wall())
        self.ending = ending
        self.pauses = pauses
        self.context = context
    }

    private var state: RunState { details.state }
    private var console: Console { context.console }

    /// - Parameter wanted: The status that is a success.
    func exit(wanted: RunStatus) -> ExitCode {
        switch ending {
        case .ended: state.status == wanted ? .ok : .runFailed
        case .paused: .ok
        case .noWorker: .unavailable
        case .needsPerson: .needsPerson
        case .needsMoney: .budget
        case .interrupted: .interrupted
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
        if ending == .interrupted {
            console.complain("\(state.id) is durable; `\(command("run resume \(state.id)"))` continues it")
        }
    }

    private var json: JSONObject {
        var result = details.json
        if !requests.isEmpty {
            result["waiting_for"] = .array(
                requests.map { request in
                    [
                        "human_task": .string(request.id.description), "kind": .string(request.kind.rawValue),
                        "title": .string(request.title), "message": .string(request.message),
                        "choices": .array(request.choices.map { .string($0.id) }),
                    ]
                }
            )
        }
        if !causes.isEmpty { result["causes"] = .array(causes.map(JSONValue.string)) }
        return result
    }

    private func lines(isFollowed: Bool) -> [String] {
        let status = console.settings.outputStyle.status(state.status.rawValue)
        var lines: [String] = []
        if isFollowed {
            let word = ending == .interrupted ? "interrupted" : status
            lines.append("\(state.id) \(word) after \(TimeText.span(details.duration))")
        } else {
            lines.append(status)
        }
        if let error = state.error { lines.append("error: \(TextWidth.oneLine(error.description))") }
        lines += causes.map { "  \(TextWidth.oneLine($0))" }
        for request in requests { lines += self.lines(request) }
        lines += otherWaits
        guard isFollowed else { return lines }
        lines += details.outputLines
        lines.append("workspace: \(details.workspace)")
        lines.append("more: \(command("run get \(state.id)")) · \(command("run logs \(state.id)"))")
        return lines
    }

    private func lines(_ request: HumanRequest) -> [String] {
        let what = request.purpose == .review ? "a person has to decide" : "a person has to answer"
        var lines = ["\(what): \(TextWidth.oneLine(request.title))"]
        lines += TextWidth.printable(request.message).split(separator: "\n").prefix(20).map { "  | \($0)" }
        return lines + request.choices.map { "  \(context.completed(request.command(for: $0)))" }
    }

    /// Signals and runs that have to come to an end.
    private var otherWaits: [String] {
        guard [.needsPerson, .needsMoney, .paused, .noWorker].contains(ending) else { return [] }
        return Explanation(state, now: details.now, pauses: pauses).waitingFor.flatMap { item -> [String] in
            switch item.cause {
            case .paused:
                ["`\(item.name)` is \(item.cause.sentence(now: details.now))"]
                    + item.cause.commands(run: state.id).map { "  \(context.completed($0))" }
            case .worker: ["`\(item.name)` is \(item.cause.sentence(now: details.now))"]
            case .signal, .child, .budget:
                ["`\(item.name)` \(item.cause.sentence(now: details.now))"]
                    + item.cause.commands(run: state.id).prefix(1).map { "  \(context.completed($0))" }
            default: []
            }
        }
    }

    /// What people can answer, reviews of tasks among it.
    private var requests: [HumanRequest] {
        guard ending == .needsPerson || ending == .needsMoney else { return [] }
        let patches = state.patches.all.compactMap(\.review).filter { !$0.isClosed }.map(\.request)
        return state.allTasks.compactMap { state[$0].openRequest?.request } + patches
    }

    private var causes: [String] { Explanation(state, now: details.now).causes }

    private func command(_ words: String) -> String { context.command(words) }
}

extension CommandContext {
    /// A command to type, with the data folder if another one than usual was given.
    func command(_ words: String) -> String { completed("baton \(words)") }

    /// A whole command, likewise.
    func completed(_ command: String) -> String {
        command + (invocation.options["data"]?.last.map { _ in " --data \(dataFolder.shellQuoted)" } ?? "")
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
