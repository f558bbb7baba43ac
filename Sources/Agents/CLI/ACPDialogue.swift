// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// Our side of the Agent Client Protocol (version 1): opens a session or loads one, tells the task, and answers what the
/// agent asks meanwhile. Pure.
///
/// The agent's files and commands are its own, within its sandbox; what it asks leave for is permitted, once each time.
struct ACPDialogue: Sendable, Equatable {
    private enum Step {
        case initialize
        case load
        case open
        case prompt
        case over
    }

    /// The longest words that are kept.
    private static let textLimit = 1 << 20

    private let first: String
    private let again: String
    private let workspace: String
    private var step = Step.initialize
    private var number = 0
    private var outgoing: [UInt8] = []
    private var notes: [String] = []
    private var canLoad = false
    /// Its words before the last call of a tool.
    private var before = ""
    private var words = ""

    /// Goes on with it later.
    private(set) var session: String?
    private(set) var ending: CLIReport.Ending?

    /// - Parameters:
    ///   - first: The task, for a new session.
    ///   - again: The same for a session that has it.
    ///   - session: One to load, if the agent can.
    init(first: String, again: String, workspace: String, session: String?) {
        (self.first, self.again, self.workspace, self.session) = (first, again, workspace, session)
        send(
            "initialize",
            [
                "protocolVersion": 1,
                "clientCapabilities": ["fs": ["readTextFile": false, "writeTextFile": false], "terminal": false],
                "clientInfo": ["name": "baton", "title": "Baton", "version": "1"],
            ]
        )
    }

    /// Its last words.
    var text: String { words.isEmpty ? before : words }

    /// What is to be told the agent now.
    mutating func takeOutgoing() -> [UInt8] {
        defer { outgoing = [] }
        return outgoing
    }

    /// What is new for people.
    mutating func takeNotes() -> [String] {
        defer { notes = [] }
        return notes
    }

    mutating func take(_ json: JSONValue) {
        guard let method = json["method"]?.stringValue else { return answered(json) }
        let parameters = json["params"] ?? .null
        guard let id = json["id"], !id.isNull else {
            if method == "session/update", step == .prompt { update(parameters["update"] ?? .null) }
            return
        }
        guard method == "session/request_permission" else {
            let error: JSONValue = ["code": -32601, "message": .string("\(method) is not served here")]
            return put(["jsonrpc": "2.0", "id": id, "error": error])
        }
        put(["jsonrpc": "2.0", "id": id, "result": ["outcome": permission(parameters)]])
    }

    // MARK: Requests of ours

    private mutating func send(_ method: String, _ parameters: JSONValue) {
        number += 1
        put(["jsonrpc": "2.0", "id": .int(Int64(number)), "method": .string(method), "params": parameters])
    }

    private mutating func put(_ message: JSONValue) { outgoing += message.bytes() + [10] }

    private mutating func answered(_ json: JSONValue) {
        guard json["id"]?.intValue == Int64(number), step != .over else { return }
        guard let error = json["error"], !error.isNull else { return advance(json["result"] ?? .null) }
        let words = error["message"]?.stringValue ?? error.text
        guard step == .load else { return fail("\(words.prefix(500))") }
        notes.append("the session \(session ?? "?") is not loaded: \(words.prefix(200))")
        open()
    }

    private mutating func advance(_ result: JSONValue) {
        switch step {
        case .initialize:
            guard result["protocolVersion"] == 1 else {
                return fail("it speaks version \(result["protocolVersion"]?.text ?? "?") of the protocol, not 1")
            }
            canLoad = result["agentCapabilities"]?["loadSession"] == true
            guard let session, canLoad else { return open() }
            step = .load
            send("session/load", ["sessionId": .string(session), "cwd": .string(workspace), "mcpServers": []])
        case .load: tell(again)
        case .open:
            guard let id = result["sessionId"]?.stringValue, !id.isEmpty else { return fail("it opened no session") }
            session = id
            notes.append("session \(id)")
            tell(first)
        case .prompt:
            step = .over
            switch result["stopReason"]?.stringValue {
            case "end_turn": ending = .success
            case let reason: ending = .failure(reason ?? "it gave no reason for its end")
            }
        case .over: break
        }
    }

    private mutating func open() {
        step = .open
        session = nil
        send("session/new", ["cwd": .string(workspace), "mcpServers": []])
    }

    private mutating func tell(_ text: String) {
        step = .prompt
        let part: JSONValue = ["type": "text", "text": .string(text)]
        send("session/prompt", ["sessionId": .string(session ?? ""), "prompt": [part]])
    }

    private mutating func fail(_ reason: String) {
        step = .over
        ending = .failure(reason)
    }

    // MARK: What the agent does

    private mutating func update(_ update: JSONValue) {
        switch update["sessionUpdate"]?.stringValue {
        case "agent_message_chunk":
            guard words.utf8.count < Self.textLimit else { return }
            words += update["content"]?["text"]?.stringValue ?? ""
        case "tool_call":
            if !words.isEmpty {
                notes.append(words)
                (before, words) = (words, "")
            }
            notes.append("calls \(update["title"]?.stringValue ?? update["kind"]?.stringValue ?? "a tool")")
        case "tool_call_update" where update["status"] == "failed":
            notes.append("  failed: \(update["title"]?.stringValue ?? update["toolCallId"]?.stringValue ?? "a tool")")
        default: break
        }
    }

    /// Leave for this one time; nothing is permitted for good.
    private mutating func permission(_ parameters: JSONValue) -> JSONValue {
        let title = parameters["toolCall"]?["title"]?.stringValue ?? "something"
        let options = parameters["options"]?.arrayValue ?? []
        for kind in ["allow_once", "reject_once"] {
            guard let option = options.first(where: { $0["kind"]?.stringValue == kind }), let id = option["optionId"]
            else { continue }
            notes.append("\(kind == "allow_once" ? "is permitted" : "is refused"): \(title)")
            return ["outcome": "selected", "optionId": id]
        }
        return ["outcome": "cancelled"]
    }
}
