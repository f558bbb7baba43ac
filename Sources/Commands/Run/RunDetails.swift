// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Server

/// A run as `run get` shows it, made of what the API says of it.
struct RunDetails {
    /// `{id, workflow, definition, status, reason, …}` without tasks.
    let json: JSONObject
    /// One object for each task.
    let tasks: [JSONValue]

    /// - Parameter answer: A run with `tasks`.
    init(_ answer: JSONValue) {
        var json = answer.objectValue ?? [:]
        tasks = json["tasks"]?.arrayValue ?? []
        json["tasks"] = nil
        self.json = json
    }

    /// A run of a data folder.
    init(state: RunState, workspace: String, now: Timestamp) {
        var json = state.json(at: now)
        json["workspace"] = .string(workspace)
        self.json = json
        tasks = state.tasksJSON
    }

    var id: String { json["id"]?.stringValue ?? "" }
    var workflow: String { json["workflow"]?.stringValue ?? "" }
    var status: String { json["status"]?.stringValue ?? "" }
    /// `waiting (human)`.
    var statusText: String { status + (json["reason"]?.stringValue.map { " (\($0))" } ?? "") }
    var outcome: String? { json["outcome"]?.stringValue }
    /// Where its tools work; `nil` for a run of a server.
    var workspace: String? { json["workspace"]?.stringValue }
    var error: String? { json["error"].map(Self.error) }
    /// How long it took, or takes so far.
    var duration: Duration { .milliseconds(json["duration_ms"]?.intValue ?? 0) }

    /// Code and message.
    private static func error(_ json: JSONValue) -> String {
        "\(json["code"]?.stringValue ?? ""): \(json["message"]?.stringValue ?? "")"
    }

    /// When something was, as a field has it.
    static func time(_ json: JSONValue?) -> Timestamp? {
        json?.stringValue.flatMap { Timestamp(rfc3339: $0) }
    }

    /// A time for people.
    static func date(_ json: JSONValue?) -> String { time(json).map(TimeText.date) ?? "" }

    /// The tasks for people.
    ///
    /// - Parameter now: For tasks that go on.
    func table(now: Timestamp) -> Table {
        var table = Table([
            .init(title: "TASK"), .init(title: "STATUS", paint: .status), .init(title: "ATTEMPTS", isNumber: true),
            .init(title: "TIME", isNumber: true), .init(title: "NOTE", paint: .dim),
        ])
        for task in tasks {
            let attempts = task["attempts"]?.intValue ?? 0
            table.add([
                Self.name(task), task["status"]?.stringValue ?? "", attempts > 0 ? "\(attempts)" : "",
                Self.span(task, now), Self.note(task),
            ])
        }
        return table
    }

    /// `check[3]`.
    private static func name(_ task: JSONValue) -> String {
        let node = task["node"]?.stringValue ?? ""
        guard let place = task["place"]?.arrayValue else { return node }
        return node + "[" + place.map(\.text).joined(separator: ".") + "]"
    }

    private static func span(_ task: JSONValue, _ now: Timestamp) -> String {
        guard let start = time(task["started_at"]) else { return "" }
        return TimeText.span((time(task["ended_at"]) ?? now) - start)
    }

    private static func note(_ task: JSONValue) -> String {
        switch task["status"]?.stringValue {
        case "failed", "retrying": task["error"].map(error) ?? ""
        case "needs_review": task["human_task"]?.stringValue ?? task["error"].map(error) ?? ""
        case "skipped": task["skip_reason"]?.stringValue ?? ""
        case "waiting":
            task["human_task"]?.stringValue ?? time(task["until"]).map { "until \(TimeText.date($0))" } ?? ""
        case "verifying": checks(task)
        case "completed":
            [
                checks(task), task["reused"] == true ? "reused" : nil,
                task["cached_from"]?.stringValue.map { "from the cache: \($0)" },
                task["case"]?.stringValue.map { "→ \($0)" },
            ].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " ")
        default: ""
        }
    }

    /// `2 of 3 checks passed`.
    private static func checks(_ task: JSONValue) -> String {
        guard let checks = task["verification"]?["checks"]?.arrayValue else { return "" }
        let passed = checks.count { $0["verdict"] == "passed" }
        return "\(passed) of \(checks.count) \(checks.count == 1 ? "check" : "checks") passed"
    }

    /// What the checks of outputs found, a line for each check, with what is wrong below it.
    var checkLines: [String] {
        let checked = tasks.filter { $0["verification"] != nil }
        guard !checked.isEmpty else { return [] }
        return ["checks:"]
            + checked.flatMap { task in
                (task["verification"]?["checks"]?.arrayValue ?? []).flatMap { check -> [String] in
                    let verdict = check["verdict"]?.stringValue ?? "open"
                    let title = TextWidth.oneLine(check["title"]?.stringValue ?? "")
                    let line = "  \(Self.name(task)): \(check["kind"]?.stringValue ?? "") \(verdict)"
                    let message = check["message"]?.stringValue.map { ["    \(TextWidth.oneLine($0))"] } ?? []
                    return [title == check["kind"]?.stringValue ? line : "\(line) (\(title))"] + message
                }
            }
    }

    /// Outputs as indented lines; large ones only as the way to see them.
    var outputLines: [String] {
        guard let outputs = json["outputs"], outputs.objectValue?.isEmpty != true else { return [] }
        let text = YAMLWriter.text(of: outputs)
        guard text.utf8.count <= 2000 else {
            return ["outputs: \(text.utf8.count) bytes; see `baton run get \(id) -o json`"]
        }
        return ["outputs:"] + text.split(separator: "\n").map { "  \($0)" }
    }
}
