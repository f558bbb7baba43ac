// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// What a program of an agent has told so far; read from its output line by line, never trusted for money.
struct CLIReport: Sendable {
    /// How it says that it is done.
    enum Ending: Sendable, Equatable {
        case success
        /// It says why not.
        case failure(String)
    }

    let form: CLIProgram.Form
    /// Goes on with it later.
    private(set) var session: String?
    /// Its last words.
    private(set) var text = ""
    private(set) var ending: Ending?
    /// A failure that the program may have got over.
    private(set) var trouble: String?
    /// For people, bounded.
    private(set) var log: [String] = []
    private var lines = OutputLines()
    private var logBytes = 0
    private var strayCount = 0
    private var dialogue: ACPDialogue?

    private static let logLimit = 256 << 10
    private static let textLimit = 1 << 20

    /// - Parameter dialogue: For a program that speaks both ways.
    init(_ form: CLIProgram.Form, _ dialogue: ACPDialogue? = nil) {
        (self.form, self.dialogue) = (form, dialogue)
    }

    /// What is to be told the program now.
    mutating func takeOutgoing() -> [UInt8] { dialogue?.takeOutgoing() ?? [] }

    mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        // Moved out, not copied.
        var lines = OutputLines()
        swap(&lines, &self.lines)
        lines.feed(bytes) { take($0) }
        self.lines = lines
    }

    /// The output has ended.
    mutating func finish() {
        var lines = lines
        lines.finish { take($0) }
        self.lines = lines
        if strayCount > 0, form != .text { note("\(strayCount) lines were no JSON") }
        if lines.dropped > 0 { note("\(lines.dropped) lines were too long") }
    }

    private mutating func take(_ line: UnsafeRawBufferPointer) {
        guard form != .text else { return takeText(line) }
        // Warnings stand between the lines.
        guard line.first == UInt8(ascii: "{"),
            let json = try? JSONValue(parsing: Array(line), limits: JSONLimits(allowsDuplicateNames: true)),
            form == .acp || json["type"]?.stringValue != nil
        else {
            if line.contains(where: { $0 > 0x20 }) { strayCount += 1 }
            return
        }
        let type = json["type"]?.stringValue ?? ""
        switch form {
        case .acp: takeACP(json)
        case .claude: takeClaude(json, type)
        case .codex: takeCodex(json, type)
        case .text: break
        }
    }

    private mutating func takeText(_ line: UnsafeRawBufferPointer) {
        let words = String(decoding: line, as: UTF8.self)
        note(words)
        if !text.isEmpty { text += "\n" }
        text += words
        // The result stands at the end.
        if text.utf8.count > Self.textLimit { text = String(text.suffix(Self.textLimit / 2)) }
    }

    private mutating func note(_ line: String) {
        guard logBytes < Self.logLimit else { return }
        let short = String(line.prefix(1000))
        log.append(short)
        logBytes += short.utf8.count + 1
        if logBytes >= Self.logLimit { log.append("[… more was said]") }
    }

    // MARK: Claude Code

    private mutating func takeClaude(_ json: JSONValue, _ type: String) {
        if let id = json["session_id"]?.stringValue, !id.isEmpty { session = id }
        switch type {
        case "system":
            switch json["subtype"]?.stringValue {
            case "init": note("session \(session ?? "?") with \(json["model"]?.stringValue ?? "?")")
            case "api_retry":
                let status = json["error_status"]?.intValue.map { " after \($0)" } ?? ""
                note("asks again\(status)")
            default: break
            }
        case "assistant":
            for block in json["message"]?["content"]?.arrayValue ?? [] { said(block) }
        case "user":
            for block in json["message"]?["content"]?.arrayValue ?? [] where block["is_error"] == true {
                note("  failed: \(Self.short(block["content"]))")
            }
        case "result": result(json)
        default: break
        }
    }

    private mutating func said(_ block: JSONValue) {
        switch block["type"]?.stringValue {
        case "text":
            text = block["text"]?.stringValue ?? ""
            if !text.isEmpty { note(text) }
        case "tool_use": note("\(block["name"]?.stringValue ?? "?") \(Self.short(block["input"]))")
        default: break
        }
    }

    /// A failed call of the model also says `subtype: success`.
    private mutating func result(_ json: JSONValue) {
        if let words = json["result"]?.stringValue { text = words }
        let subtype = json["subtype"]?.stringValue ?? "?"
        guard json["is_error"] == true || subtype != "success" else {
            ending = .success
            return
        }
        let reason = json["terminal_reason"]?.stringValue ?? subtype
        let words = json["result"]?.stringValue ?? json["errors"]?.arrayValue?.first?.stringValue ?? ""
        ending = .failure(words.isEmpty ? reason : "\(reason): \(words.prefix(500))")
    }

    // MARK: Agent Client Protocol

    private mutating func takeACP(_ json: JSONValue) {
        dialogue?.take(json)
        for line in dialogue?.takeNotes() ?? [] { note(line) }
        guard let dialogue else { return }
        (session, text, ending) = (dialogue.session, dialogue.text, dialogue.ending)
        if ending != nil, !text.isEmpty { note(text) }
    }

    // MARK: Codex

    private mutating func takeCodex(_ json: JSONValue, _ type: String) {
        switch type {
        case "thread.started":
            session = json["thread_id"]?.stringValue
            note("session \(session ?? "?")")
        case "item.completed": item(json["item"] ?? .null)
        case "turn.completed": ending = .success
        case "turn.failed":
            let words = json["error"]?["message"]?.stringValue ?? trouble ?? "the turn failed"
            ending = .failure(String(words.prefix(500)))
        case "error":
            // It says so when it connects again, too.
            trouble = json["message"]?.stringValue
            note("error: \(trouble ?? "?")")
        default: break
        }
    }

    private mutating func item(_ item: JSONValue) {
        switch item["type"]?.stringValue {
        case "agent_message":
            text = item["text"]?.stringValue ?? ""
            note(text)
        case "command_execution":
            let code = item["exit_code"]?.intValue.map { " → \($0)" } ?? ""
            note("$ \(Self.short(item["command"]))\(code)")
        case "file_change":
            let paths = (item["changes"]?.arrayValue ?? []).compactMap { $0["path"]?.stringValue }
            note("changes \(paths.prefix(20).joined(separator: ", "))")
        case "mcp_tool_call", "collab_tool_call", "web_search", "plan":
            note("\(item["type"]?.stringValue ?? "") \(Self.short(item))")
        case "error":
            trouble = item["message"]?.stringValue
            note("error: \(trouble ?? "?")")
        default: break
        }
    }

    private static func short(_ value: JSONValue?) -> String {
        let text = value?.stringValue ?? value?.text ?? ""
        return text.count > 200 ? "\(text.prefix(200))…" : text
    }
}
