// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Model

/// Kinds that decide the way, and those that compute with a variable of their own.
extension NodeReader {
    mutating func branch(_ config: SourceValue) -> JSONObject? {
        guard var object = shapes.object(config, as: NodeTypeDescription.branch.config) else { return nil }
        for item in config.member("cases")?.items ?? [] {
            guard let value = item.member("name"), let name = value.text, Name.isID(name) else { continue }
            if found.extras.cases.contains(where: { $0.name == name }) {
                sink.report(.invalidConfig, at: value, "two cases are called `\(name)`")
            }
            found.extras.cases.append((name, value))
        }
        if object["default"] == .null { object["default"] = nil }
        if let name = object["default"]?.stringValue, let value = config.member("default"),
            !found.extras.cases.contains(where: { $0.name == name })
        {
            found.extras.cases.append((name, value))
        }
        return object
    }

    mutating func join(_ config: SourceValue) -> JSONObject? {
        guard let object = shapes.object(config, as: NodeTypeDescription.join.config) else { return nil }
        let (mode, count) = (object["mode"]?.stringValue, object["n"]?.intValue)
        switch mode {
        case "all": found.join = .all
        case "any": found.join = .any
        case "done": found.join = .done
        case "quorum":
            found.join = count.map { .quorum(Int($0)) }
            if count == nil, config.member("n") == nil {
                sink.report(.invalidConfig, at: config, "`mode: quorum` needs `n`, the number of edges")
            }
        default: break
        }
        if let value = config.member("n"), mode != "quorum" {
            sink.report(.invalidConfig, at: value, "`n` belongs to `mode: quorum`")
        }
        return ["cancel_rest": object["cancel_rest"] ?? false]
    }

    mutating func filter(_ config: SourceValue) -> JSONObject? {
        renameItem(config)
        defer { shapes.expressions.renamedLocals = [:] }
        return shapes.object(config, as: NodeTypeDescription.filter.config)
    }

    mutating func aggregate(_ config: SourceValue) -> JSONObject? {
        guard let object = shapes.object(config, as: NodeTypeDescription.aggregate.config) else { return nil }
        var names: Set<String> = object["group_by"] == nil ? [] : ["key"]
        for item in config.member("ops")?.items ?? [] {
            guard let name = item.member("as")?.text, !names.insert(name).inserted else { continue }
            sink.report(.invalidConfig, at: item, "the result `\(name)` exists already")
        }
        return object
    }

    /// The variable of the item may have another name.
    private mutating func renameItem(_ config: SourceValue) {
        guard let name = config.member("as")?.text, Name.isID(name) else { return }
        shapes.expressions.renamedLocals["item"] = name
        if Scope.roots.contains(name), let value = config.member("as") {
            sink.report(.invalidConfig, at: value, "`\(name)` is a variable of every expression; choose another name")
        }
    }

    mutating func loop(_ config: SourceValue) -> JSONObject? {
        let inner = NodeTypeDescription.loop.config
        guard var object = shapes.object(config, as: inner, skipping: ["body"]) else { return nil }
        if let body = config.member("body") { readBody(body, locals: NodeTypeDescription.passVariables) }
        if let target = object["back_to"]?.stringValue,
            let value = config.member("back_to") ?? config.member("loop_back_to")
        {
            found.extras.backTo = (target, value)
        }
        for (key, exit) in [("break_path", "break"), ("timeout_path", "limit")] {
            guard let target = object[key]?.stringValue, let value = config.member(key) else { continue }
            object[key] = nil
            sink.report(.alias, at: value, "`\(key)` is read as an edge to `\(target)` with `port: \(exit)`")
            exits.append(
                EdgeDraft(
                    from: EdgeEnd(id: found.id, port: nil, value: value),
                    to: EdgeEnd(id: target, port: nil, value: value),
                    exit: (exit, value),
                    value: value
                )
            )
        }
        object["back_to"] = nil
        return object
    }

    mutating func map(_ config: SourceValue) -> JSONObject? {
        renameItem(config)
        defer { shapes.expressions.renamedLocals = [:] }
        guard var object = shapes.object(config, as: NodeTypeDescription.map.config, skipping: ["body"]) else {
            return nil
        }
        if let body = config.member("body") {
            readBody(body, locals: [object["as"]?.stringValue ?? "item", "index"])
            if let inputs = config.member("inputs") {
                sink.report(
                    .invalidConfig,
                    at: inputs,
                    "`inputs` belongs to `workflow`; a body reads what is around it"
                )
            }
        }
        if let workflow = config.member("workflow") {
            object["workflow"] = reference(workflow, inputs: config.member("inputs"), object["inputs"])
        }
        return object
    }

    private mutating func readBody(_ body: SourceValue, locals: [String]) {
        guard shapes.object(body, as: NodeTypeDescription.body, skipping: ["nodes", "edges", "output"]) != nil else {
            return
        }
        guard depth < Self.deepest else {
            let message = "loops, maps and child workflows are nested deeper than \(Self.deepest) levels"
            return sink.report(.tooDeep, at: body, message)
        }
        let reader = BodyReader(context: context, locals: self.locals + locals, depth: depth + 1)
        found.extras.body = reader.read(body, output: true)
    }

    /// Levels of loops, maps and child workflows inside each other (spec 11.8).
    static let deepest = 8
}
