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
        case .tool:
            return .tool(
                name: try config.text("tool"),
                arguments: try config.template("args"),
                storeAs: try config.optional("store_as", config.text)
            )
        case .http: return .http(config: try config.template())
        case .human: return .human(try human(config))
        case .branch: return .branch(try branch(config))
        case .join: return .join(cancelRest: try config.flag("cancel_rest"))
        case .transform:
            return .transform(value: try config.template("value"), remove: try config.texts("remove"))
        case .filter:
            return .filter(
                items: try config.template("items"),
                predicate: try config.expression("where"),
                variable: try config.text("as"),
                limit: try config.optional("limit", config.integer)
            )
        case .aggregate: return .aggregate(try aggregate(config))
        case .wait:
            return config.has("for") ? .waitFor(try config.template("for")) : .waitUntil(try config.template("until"))
        }
    }

    private static func human(_ config: StoredObject) throws(GraphCodecError) -> Graph.Human {
        Graph.Human(
            title: try config.template("title"),
            message: try config.template("message"),
            assignees: try config.texts("assignees"),
            deadline: try config.duration("deadline_ms"),
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
            defaultCase: try config.optional("default", config.text),
            onError: try config.choice("on_error")
        )
    }

    private static func aggregate(_ config: StoredObject) throws(GraphCodecError) -> Graph.Aggregate {
        var operations: [Graph.Aggregate.Operation] = []
        for item in try config.objects("ops") {
            operations.append(
                .init(
                    name: try item.text("as"),
                    function: try item.choice("fn"),
                    of: try item.optional("of", item.expression)
                )
            )
        }
        return Graph.Aggregate(
            items: try config.template("items"),
            groupBy: try config.optional("group_by", config.expression),
            operations: operations
        )
    }
}
