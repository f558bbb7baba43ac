// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Model

extension GraphDecoder {
    static func kind(_ node: StoredObject) throws(GraphCodecError) -> Graph.NodeKind {
        let config = try node.object("config")
        let type: NodeType = try node.choice("kind")
        switch type {
        case .agent:
            if config.has("agents") || config.has("match") { return .team(try team(node, config)) }
            return .agent(config: try config.template())
        case .tool:
            return .tool(
                name: try config.text("tool"),
                arguments: try config.template("args"),
                storeAs: try config.optionalText("store_as")
            )
        case .http: return .http(config: try config.template())
        case .human: return .human(try human(config))
        case .branch: return .branch(try branch(config))
        case .loop: return .loop(try loop(config))
        case .map: return .map(try map(config, id: node.text("id")))
        case .join: return .join(cancelRest: try config.flag("cancel_rest"))
        case .transform:
            return .transform(value: try transform(config), remove: try config.texts("remove"))
        case .filter:
            return .filter(
                items: try config.template("items"),
                predicate: try config.expression("where"),
                variable: try config.text("as"),
                limit: try config.optionalInteger("limit")
            )
        case .aggregate: return .aggregate(try aggregate(config))
        case .function:
            return .function(name: try config.text("function"), arguments: try config.template("args"))
        case .workflow: return .workflow(try child(config))
        case .wait:
            if config.has("signal") { return .waitSignal(try awaitedSignal(config)) }
            return config.has("for") ? .waitFor(try config.template("for")) : .waitUntil(try config.template("until"))
        case .signal: return .signal(config: try config.template())
        }
    }

    /// One expression is the template that is nothing but it.
    private static func transform(_ config: StoredObject) throws(GraphCodecError) -> ValueTemplate {
        guard config.has("expr") else { return try config.template("set") }
        return try StoredObject(["value": .string("${\(try config.text("expr"))}")]).template("value")
    }

    private static func human(_ config: StoredObject) throws(GraphCodecError) -> Graph.Human {
        var reminders: [Duration]?
        if config.has("remind") {
            reminders = try config.list("remind").compactMap { $0.intValue.map { .milliseconds($0) } }
        }
        var form: JSONValue?
        if config.has("form") {
            let value = try config.value("form")
            if value != .null { form = value }
        }
        return Graph.Human(
            kind: try config.choice("kind"),
            title: try config.template("title"),
            message: try config.template("message"),
            choices: config.has("choices") ? try config.list("choices") : [],
            form: form,
            assignees: try config.texts("assignees"),
            quorum: try config.integer("quorum"),
            deadline: try config.duration("deadline_ms"),
            reminders: reminders,
            evidence: try config.optionalTemplate("evidence"),
            onExpiry: try config.choice("on_expire")
        )
    }

    private static func branch(_ config: StoredObject) throws(GraphCodecError) -> Graph.Branch {
        var cases: [Graph.Branch.Case] = []
        for item in try config.objects("cases") {
            cases.append(.init(name: try item.text("name"), when: try item.expression("when")))
        }
        return Graph.Branch(
            cases: cases,
            defaultCase: try config.optionalText("default"),
            onError: try config.choice("on_error")
        )
    }

    private static func loop(_ config: StoredObject) throws(GraphCodecError) -> Graph.Loop {
        var condition: Graph.Loop.Condition?
        if config.has("while") { condition = .while(try config.expression("while")) }
        if config.has("until") { condition = .until(try config.expression("until")) }
        return Graph.Loop(
            body: try body(config.object("body"), hasOutput: true),
            condition: condition,
            maxIterations: try config.integer("max_iterations"),
            delay: try config.optionalDuration("delay_ms") ?? .zero,
            failsAtLimit: try config.text("on_limit") == "fail",
            collectsResults: try config.flag("collect")
        )
    }

    private static func map(_ config: StoredObject, id: String) throws(GraphCodecError) -> Graph.Map {
        Graph.Map(
            items: try config.template("items"),
            variable: try config.text("as"),
            body: config.has("body") ? try body(config.object("body"), hasOutput: true) : nil,
            workflow: config.has("workflow") ? try reference(config.object("workflow")) : nil,
            inputs: try config.optionalTemplate("inputs"),
            call: config.has("workflow") ? try call(config, id: id) : nil,
            maxParallel: try config.integer("max_parallel"),
            batch: try config.integer("batch"),
            onItemFailure: try config.choice("on_item_failure"),
            maxFailed: try config.integer("max_failed")
        )
    }

    /// The body that is nothing but a call of the workflow.
    private static func call(_ config: StoredObject, id: String) throws(GraphCodecError) -> Graph.Body {
        let child: JSONValue = [
            "workflow": try config.value("workflow"), "inputs": config.has("inputs") ? try config.value("inputs") : [:],
            "detach": false, "on_parent_close": "cancel",
        ]
        // No document can hold this id.
        let node: JSONValue = ["id": .string(id + ":run"), "kind": "workflow", "config": child]
        return try body(StoredObject(["nodes": [node], "edges": []]), hasOutput: false)
    }

    private static func child(_ config: StoredObject) throws(GraphCodecError) -> Graph.Child {
        Graph.Child(
            workflow: try reference(config.object("workflow")),
            inputs: try config.template("inputs"),
            isDetached: try config.flag("detach"),
            budget: try budget(config),
            onParentClose: try config.choice("on_parent_close")
        )
    }

    private static func reference(_ object: StoredObject) throws(GraphCodecError) -> Graph.WorkflowReference {
        if object.has("graph") { return .inline(try Graph(json: object.value("graph"))) }
        return .published(name: try object.text("name"), hash: try object.optionalText("hash"))
    }

    private static func awaitedSignal(_ config: StoredObject) throws(GraphCodecError) -> Graph.AwaitedSignal {
        let signal = try config.object("signal")
        return Graph.AwaitedSignal(
            type: try signal.text("type"),
            key: try signal.optionalTemplate("key"),
            condition: try signal.optionalExpression("where"),
            timeout: try config.optionalDuration("timeout_ms"),
            failsAtTimeout: try config.optionalText("on_timeout") != "continue"
        )
    }

    private static func aggregate(_ config: StoredObject) throws(GraphCodecError) -> Graph.Aggregate {
        var operations: [Graph.Aggregate.Operation] = []
        for item in try config.objects("ops") {
            operations.append(
                .init(
                    name: try item.text("as"),
                    function: try item.choice("fn"),
                    of: try item.optionalExpression("of")
                )
            )
        }
        return Graph.Aggregate(
            items: try config.template("items"),
            groupBy: try config.optionalExpression("group_by"),
            operations: operations
        )
    }
}

extension Graph.Human.Expiry: RawRepresentable {
    /// Reads `fail`, `approve`, `reject`, `skip`, `choice:ID` or `escalate:ROLE`.
    public init?(rawValue: String) {
        switch rawValue {
        case "fail": self = .fail
        case "approve": self = .approve
        case "reject": self = .reject
        case "skip": self = .skip
        case let text where text.hasPrefix("choice:"): self = .choice(String(text.dropFirst(7)))
        case let text where text.hasPrefix("escalate:"): self = .escalate(role: String(text.dropFirst(9)))
        default: return nil
        }
    }

    /// The spelling in documents.
    public var rawValue: String {
        switch self {
        case .fail: "fail"
        case .approve: "approve"
        case .reject: "reject"
        case .skip: "skip"
        case .choice(let id): "choice:\(id)"
        case .escalate(let role): "escalate:\(role)"
        }
    }
}
