// Baton
// SPDX-License-Identifier: Apache-2.0

import Agents
import Engine
import JSON
import Model
import Server
import Store
import Threads

/// Where the texts of agents and skills are changed (spec 8.10): in the store for good, and in force at once for whoever works
/// with these agents. Calls block; changes come one after the other.
struct PromptDesk: Sendable {
    /// Of a text, in bytes; files may be as large.
    static let byteLimit = 1 << 20

    let store: any SecurityStore
    let agents: AgentRegistry

    /// Takes what is stored.
    func load() throws(StoreError) { agents.take(PromptEdits(try store.editedPrompts())) }

    // MARK: Showing

    /// The text that is in force: `{name, text, hash, source, version?}`.
    func show(_ name: PromptName) throws(Problem) -> JSONValue {
        let prompt = try inForce(name)
        var json: JSONObject = [
            "name": .string(name.name), "text": .string(String(decoding: prompt.text, as: UTF8.self)),
        ]
        for member in prompt.json.members { json[member.key] = member.value }
        return .object(json)
    }

    /// Versions, the newest first: `{version, hash?, at, by, note?, in_force}`.
    func versions(of name: PromptName, before: Int?, limit: Int) throws(Problem) -> [JSONValue] {
        let origin = try inForce(name).origin
        let rows = try asking { () throws(StoreError) in
            try store.promptVersions(of: name.description, before: before, limit: limit)
        }
        return rows.map { .object(Self.json($0, origin)) }
    }

    /// A version, with its text.
    func version(_ version: Int, of name: PromptName) throws(Problem) -> JSONValue {
        let origin = try inForce(name).origin
        let row = try asking { () throws(StoreError) in try store.promptVersion(version, of: name.description) }
        guard let row else {
            throw Problem(
                404,
                "not_found",
                "there is no version \(version) of the \(name.kind.rawValue) `\(name.name)`"
            )
        }
        var json = Self.json(row, origin)
        json["text"] = row.text.map { .string(String(decoding: $0, as: UTF8.self)) }
        return .object(json)
    }

    private func inForce(_ name: PromptName) throws(Problem) -> PromptText {
        guard let prompt = agents.prompt(name) else {
            throw Problem(404, "not_found", "there is no \(name.kind.rawValue) `\(name.name)`")
        }
        return prompt
    }

    private static func json(_ row: PromptVersionRow, _ origin: PromptOrigin) -> JSONObject {
        var json: JSONObject = ["version": .int(Int64(row.version))]
        json["hash"] = row.hash.map { .string(PromptText.spelling($0)) }
        json["at"] = .string(row.at.description)
        json["by"] = .string(row.actor)
        json["note"] = row.note.map(JSONValue.string)
        json["in_force"] = .bool(origin == .edited(version: row.version))
        return json
    }

    // MARK: Changing

    /// Takes another text, or that of the file; what is so already is not written again.
    ///
    /// - Throws: 404; 412 when the text is not the expected one, or another process was faster; 422 for one that cannot be read.
    func apply(_ change: PromptAccess.Change) throws(Problem) -> JSONValue {
        let name = PromptName(PromptName.Kind(change.kind), change.name)
        let now = try inForce(name)
        if let expected = change.expected, !PromptText.spelling(now.hash).hasPrefix(expected) { throw Self.mismatch }
        let newest = try asking { () throws(StoreError) in
            try store.promptVersions(of: name.description, before: nil, limit: 1).first
        }
        let version = (newest?.version ?? 0) + 1
        let record = try change.text.map { text throws(Problem) in try Self.read(text, name, version) }
        let isSo = change.text.map { isEdited(now.origin) && Array($0.utf8) == now.text } ?? (newest?.hash == nil)
        if !isSo {
            try write(change, name, version, replacing: now)
            agents.edit(name, record)
        }
        return try show(name)
    }

    private static let mismatch = Problem(412, "etag.mismatch", "the text was changed meanwhile; read it again")

    private func isEdited(_ origin: PromptOrigin) -> Bool {
        if case .edited = origin { true } else { false }
    }

    private static func read(_ text: String, _ name: PromptName, _ version: Int) throws(Problem) -> PromptRecord {
        guard text.utf8.count <= byteLimit else {
            throw Problem(
                422,
                "validation.failed",
                "the text is larger than \(byteLimit >> 20) MiB; nothing was changed"
            )
        }
        do throws(AgentRecordError) {
            return try PromptRecord(Array(text.utf8), of: name, version: version)
        } catch {
            throw Problem(422, "validation.failed", "\(error); nothing was changed")
        }
    }

    private func write(
        _ change: PromptAccess.Change,
        _ name: PromptName,
        _ version: Int,
        replacing before: PromptText
    ) throws(Problem) {
        let (text, time) = (change.text.map { Array($0.utf8) }, SystemClock().wall())
        let note = change.note.flatMap { $0.isEmpty ? nil : $0 }
        let hash = text.map { PromptText.hash(of: $0) }
        var rows = SecurityChange()
        rows.promptVersions = [
            PromptVersionRow(
                name: name.description,
                version: version,
                hash: hash,
                text: text,
                at: time,
                actor: change.actor,
                note: note
            )
        ]
        rows.audit = [
            AuditDraft(
                tenant: change.tenant,
                at: time,
                actor: change.actor,
                action: text == nil ? "prompt.reset" : "prompt.edit",
                object: name.description,
                before: before.hash,
                after: hash ?? agents.filePrompt(name)?.hash,
                reason: note,
                address: change.address,
                details: ["version": .int(Int64(version))]
            )
        ]
        do throws(StoreError) {
            try store.apply(rows)
        } catch {
            throw error.code == .conflict ? Self.mismatch : Problem(error)
        }
    }

    private func asking<Value>(_ body: () throws(StoreError) -> Value) throws(Problem) -> Value {
        do throws(StoreError) {
            return try body()
        } catch {
            throw Problem(error)
        }
    }
}

extension PromptName.Kind {
    init(_ kind: PromptAccess.Kind) {
        self =
            switch kind {
            case .agent: .agent
            case .skill: .skill
            }
    }
}

// MARK: For the API

extension PromptDesk {
    /// What the server's routes do, on a thread of its own.
    var access: PromptAccess {
        let (desk, thread) = (self, SerialThread(named: "prompts"))
        return PromptAccess(
            show: { (kind, name) throws(Problem) in
                try await thread.asking { () throws(Problem) in try desk.show(PromptName(.init(kind), name)) }
            },
            versions: { (kind, name, page) throws(Problem) in
                try await thread.asking { () throws(Problem) in
                    try desk.versions(of: PromptName(.init(kind), name), before: page.before, limit: page.limit)
                }
            },
            version: { (kind, name, version) throws(Problem) in
                try await thread.asking { () throws(Problem) in
                    try desk.version(version, of: PromptName(.init(kind), name))
                }
            },
            apply: { (change) throws(Problem) in
                try await thread.asking { () throws(Problem) in try desk.apply(change) }
            }
        )
    }
}

extension SerialThread {
    fileprivate func asking<Value: Sendable>(
        _ body: @escaping @Sendable () throws(Problem) -> Value
    ) async throws(Problem) -> Value {
        try await run { Result { () throws(Problem) in try body() } }.get()
    }
}
