// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model

extension ModelScript {
    /// Reads a script in YAML or JSON.
    ///
    /// - Throws: Everything that is wrong with it, with file, line and column.
    public init(_ text: [UInt8], fileName: String) throws(ModelScriptError) {
        let document: PlacedDocument
        do throws(FlatDocumentError) {
            document = try PlacedDocument(text, fileName: fileName)
        } catch {
            throw ModelScriptError(lines: error.diagnostics.map { $0.text(fileName: fileName) })
        }
        var reader = ScriptReader()
        let script = reader.script(document.json)
        guard reader.defects.isEmpty else {
            throw ModelScriptError(
                lines: reader.defects.map { path, message in
                    let (line, column) = document.place(of: JSONPointer(tokens: path))
                    return "\(fileName):\(line):\(column): `\(Self.name(of: path))` \(message)"
                }
            )
        }
        self = script
    }

    private static func name(of path: [String]) -> String {
        path.reduce(into: "") { name, token in
            if token.utf8.allSatisfy({ (48...57).contains($0) }) {
                name += "[\(token)]"
            } else {
                name += name.isEmpty ? token : ".\(token)"
            }
        }
    }
}

/// Reads a script and collects what is wrong with it.
struct ScriptReader {
    private(set) var defects: [(path: [String], message: String)] = []

    mutating func script(_ json: JSONValue) -> ModelScript {
        guard let object = members(json, [], ["rules"]) else { return ModelScript() }
        return ModelScript(rules: list(object["rules"], ["rules"]) { reader, rule, path in reader.rule(rule, path) })
    }

    private mutating func rule(_ json: JSONValue, _ path: [String]) -> ModelScript.Rule {
        var rule = ModelScript.Rule()
        let keys = ["match", "reply", "error", "delay", "usage", "chunks", "cut_at"]
        guard let object = members(json, path, keys) else { return rule }
        if let match = object["match"] { rule.match = self.match(match, path + ["match"]) }
        if let reply = object["reply"] { rule.reply = self.reply(reply, path + ["reply"]) }
        if let fault = object["error"] { rule.fault = self.fault(fault, path + ["error"]) }
        if object["reply"] == nil, object["error"] == nil { defects.append((path, "needs `reply` or `error`")) }
        rule.delay = duration(object["delay"], path + ["delay"]) ?? .zero
        if let usage = object["usage"] { rule.usage = self.usage(usage, path + ["usage"]) }
        rule.chunks = number(object["chunks"], path + ["chunks"], 1...10_000) ?? 1
        rule.cutAt = number(object["cut_at"], path + ["cut_at"], 0...(64 << 20))
        return rule
    }

    private mutating func match(_ json: JSONValue, _ path: [String]) -> ModelScript.Match {
        var match = ModelScript.Match()
        guard let object = members(json, path, ["agent", "node", "contains", "nth"]) else { return match }
        match.agent = text(object["agent"], path + ["agent"])
        match.node = text(object["node"], path + ["node"])
        match.contains = text(object["contains"], path + ["contains"])
        match.nth = number(object["nth"], path + ["nth"], 1...1_000_000)
        return match
    }

    private mutating func reply(_ json: JSONValue, _ path: [String]) -> ModelScript.Reply {
        var reply = ModelScript.Reply()
        let keys = ["text", "data", "tool_calls", "decisions_needed", "give_up", "thinking", "stop"]
        guard let object = members(json, path, keys) else { return reply }
        reply.thinking = text(object["thinking"], path + ["thinking"])
        reply.toolCalls = list(object["tool_calls"], path + ["tool_calls"]) { $0.call($1, $2) }
        if let stop = text(object["stop"], path + ["stop"]) {
            reply.stop = StopReason(rawValue: stop)
            let words = StopReason.allCases.map(\.rawValue).joined(separator: ", ")
            if reply.stop == nil { defects.append((path + ["stop"], "must be one of \(words)")) }
        }
        reply.text = words(object, path)
        return reply
    }

    /// What is answered as text; only one form at a time.
    private mutating func words(_ object: JSONObject, _ path: [String]) -> String? {
        let forms = ["text", "data", "decisions_needed", "give_up"].filter { object[$0] != nil }
        guard forms.count <= 1 else {
            defects.append((path, "has \(forms.joined(separator: " and ")); only one of them can be answered"))
            return nil
        }
        if let data = object["data"] { return data.text }
        if let decisions = object["decisions_needed"] {
            let isList = decisions.arrayValue?.allSatisfy { $0["id"]?.stringValue != nil } == true
            if !isList { defects.append((path + ["decisions_needed"], "must be a list of {id, question, options}")) }
            return JSONValue.object(["decisions_needed": decisions]).text
        }
        if let reason = object["give_up"] {
            var answer: JSONObject = ["success": false]
            if let text = reason.stringValue {
                answer["reason"] = .string(text)
            } else if let object = members(reason, path + ["give_up"], ["reason", "tried", "needs"]) {
                for member in object { answer[member.key] = member.value }
            }
            return JSONValue.object(answer).text
        }
        return text(object["text"], path + ["text"])
    }

    private mutating func call(_ json: JSONValue, _ path: [String]) -> ModelScript.Call {
        guard let object = members(json, path, ["id", "name", "arguments"]) else { return .init(name: "") }
        let name = text(object["name"], path + ["name"])
        if name == nil { defects.append((path, "needs a `name`")) }
        let arguments = object["arguments"] ?? [:]
        if arguments.objectValue == nil { defects.append((path + ["arguments"], "must be a mapping")) }
        return .init(id: text(object["id"], path + ["id"]), name: name ?? "", arguments: arguments)
    }

    private mutating func fault(_ json: JSONValue, _ path: [String]) -> ModelScript.Fault? {
        guard let object = members(json, path, ["status", "retry_after", "kind", "message"]) else { return nil }
        guard let status = number(object["status"], path + ["status"], 400...599) else {
            if object["status"] == nil { defects.append((path, "needs a `status`")) }
            return nil
        }
        return .init(
            status: status,
            retryAfter: duration(object["retry_after"], path + ["retry_after"]),
            kind: text(object["kind"], path + ["kind"]),
            message: text(object["message"], path + ["message"])
        )
    }

    private mutating func usage(_ json: JSONValue, _ path: [String]) -> ModelUsage? {
        let keys = ["input", "cached", "cache_write", "cache_write_long", "output", "reasoning"]
        guard let object = members(json, path, keys) else { return nil }
        let numbers = keys.map { number(object[$0], path + [$0], 0...1_000_000_000) ?? 0 }
        return ModelUsage(
            input: numbers[0],
            cached: numbers[1],
            cacheWrite: numbers[2],
            cacheWriteLong: numbers[3],
            output: numbers[4],
            reasoning: min(numbers[5], numbers[4])
        )
    }
}

extension ScriptReader {
    private mutating func members(_ json: JSONValue, _ path: [String], _ known: [String]) -> JSONObject? {
        guard let object = json.objectValue else {
            defects.append((path, "must be a mapping of \(known.joined(separator: ", "))"))
            return nil
        }
        for key in object.keys where !known.contains(key) {
            defects.append((path + [key], "is unknown here; there are \(known.joined(separator: ", "))"))
        }
        return object
    }

    private mutating func list<Item>(
        _ json: JSONValue?,
        _ path: [String],
        _ read: (inout Self, JSONValue, [String]) -> Item
    ) -> [Item] {
        guard let json, !json.isNull else { return [] }
        guard let items = json.arrayValue else {
            defects.append((path, "must be a list"))
            return []
        }
        var result: [Item] = []
        for (position, item) in items.enumerated() { result.append(read(&self, item, path + ["\(position)"])) }
        return result
    }

    private mutating func text(_ json: JSONValue?, _ path: [String]) -> String? {
        guard let json else { return nil }
        if json.stringValue == nil { defects.append((path, "must be text")) }
        return json.stringValue
    }

    private mutating func number(_ json: JSONValue?, _ path: [String], _ range: ClosedRange<Int>) -> Int? {
        guard let json else { return nil }
        guard let number = json.intValue.flatMap({ Int(exactly: $0) }), range.contains(number) else {
            defects.append((path, "must be a whole number from \(range.lowerBound) to \(range.upperBound)"))
            return nil
        }
        return number
    }

    private mutating func duration(_ json: JSONValue?, _ path: [String]) -> Duration? {
        guard let json else { return nil }
        let duration =
            json.stringValue.flatMap(Duration.init(text:))
            ?? json.intValue.map { Duration.seconds(min(max($0, 0), 86_400)) }
        if duration == nil { defects.append((path, "must be a duration such as 250ms or 2s")) }
        return duration
    }
}
