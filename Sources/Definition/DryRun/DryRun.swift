// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// What a run would do, as far as that can be told before it (spec 4.3). Making one calls nothing, costs nothing and
/// writes nothing.
public struct DryRun: Sendable {
    /// What one node would do.
    public struct Step: Sendable {
        /// Its id.
        public let id: String
        /// Its kind.
        public let kind: NodeType
        /// The agent, tool, function, workflow or address that it uses; `nil` for kinds that use none.
        public let target: String?
        /// What it waits for, as text: `all of a, b`; empty for entries.
        public let after: [String]
        /// `all`, `any`, `done` or `quorum N`.
        public let join: String
        /// `true`, `false`, or what it depends on; `nil` without a condition.
        public let condition: String?
        /// With expressions replaced by their values; what is not known yet appears as `<nodes.x.output>`.
        public let config: JSONValue
        /// What would be asked for: `tool shell.exec (destructive)`, `host api.example.com`, `person role:approver`.
        public let permissions: [String]
        /// What an agent may change in its own run; `nil` for nothing.
        public let allowedPatches: JSONValue?
        /// The steps of a loop or map, by wave.
        public let body: [[Step]]
    }

    /// The workflow.
    public let workflow: String
    /// Hash of its graph.
    public let hash: String
    /// The steps, by wave and in written order; steps of one wave do not depend on each other.
    public let waves: [[Step]]
    /// Everything that would be asked for, sorted.
    public let permissions: [String]

    /// Walks through a graph.
    ///
    /// - Parameters:
    ///   - inputs: As far as they are known.
    ///   - effects: What a tool changes, such as `read` or `destructive`; `nil` when that is not known.
    public init(_ graph: Graph, inputs: JSONObject, effects: @escaping (String) -> String? = { _ in nil }) {
        let walk = DryWalk(known: KnownValues(inputs: inputs), effects: effects)
        workflow = graph.name
        hash = graph.hash
        waves = walk.waves(graph.body)
        permissions = Array(Set(Self.permissions(waves))).sorted()
    }

    private static func permissions(_ waves: [[Step]]) -> [String] {
        waves.joined().flatMap { $0.permissions + permissions($0.body) }
    }

    /// `{workflow, hash, waves[[{id, kind, …}]], permissions[]}`.
    public var json: JSONValue {
        [
            "workflow": .string(workflow), "hash": .string(hash), "waves": Self.json(waves),
            "permissions": .array(permissions.map(JSONValue.string)),
        ]
    }

    fileprivate static func json(_ waves: [[Step]]) -> JSONValue {
        .array(waves.map { .array($0.map(\.json)) })
    }

    /// For people: one line for each step, what it needs below it, bodies indented.
    public var text: String {
        var lines = ["\(workflow)  \(hash)", "dry run: nothing is called, charged or written"]
        for (wave, steps) in waves.enumerated() {
            lines.append("wave \(wave)")
            for step in steps { lines += step.lines(indent: "  ") }
        }
        if !permissions.isEmpty { lines.append("asks for") }
        lines += permissions.map { "  \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension DryRun.Step {
    fileprivate var json: JSONValue {
        var object: JSONObject = [
            "id": .string(id), "kind": .string(kind.rawValue), "target": target.map { .string($0) } ?? .null,
            "after": .array(after.map(JSONValue.string)), "join": .string(join),
            "condition": condition.map { .string($0) } ?? .null, "config": config,
            "permissions": .array(permissions.map(JSONValue.string)), "patches": allowedPatches ?? .null,
        ]
        if !body.isEmpty { object["body"] = DryRun.json(body) }
        return .object(object)
    }

    fileprivate func lines(indent: String) -> [String] {
        var line = "\(indent)\(id) [\(kind.rawValue)]"
        if let target { line += " \(target)" }
        if !after.isEmpty {
            line += " after " + (join == "all" || after.count == 1 ? "" : "\(join) of ") + after.joined(separator: ", ")
        }
        if let condition { line += " if \(condition)" }
        var lines = [line]
        for member in config.objectValue?.members ?? [] {
            lines.append("\(indent)    \(member.key): \(member.value.stringValue ?? member.value.text)")
        }
        if config.objectValue == nil, config != .null { lines.append("\(indent)    \(config.text)") }
        if !permissions.isEmpty { lines.append("\(indent)    asks for \(permissions.joined(separator: ", "))") }
        if let allowedPatches { lines.append("\(indent)    may patch its run: \(allowedPatches.text)") }
        for (wave, steps) in body.enumerated() {
            lines.append("\(indent)    wave \(wave)")
            for step in steps { lines += step.lines(indent: indent + "      ") }
        }
        return lines
    }
}
