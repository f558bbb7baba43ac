// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Store

/// `baton cache …`: outputs that are used again.
enum CacheCommands {
    static let group: CommandDescription = .init(
        name: "cache",
        summary: "See and empty the cache of outputs of nodes with `cache`",
        examples: [.init(line: "baton cache stats", comment: "what it holds and what it saved")],
        children: [stats, invalidate]
    )

    private static let stats: CommandDescription = .init(
        name: "stats",
        summary: "Say what the cache holds and what it saved",
        examples: [.init(line: "baton cache stats -o json", comment: "for programs")],
        exits: [.unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let totals = try totals(context)
        func number(_ key: String) -> Int64 { totals[key]?.intValue ?? 0 }
        context.console.show(totals) {
            "\(number("entries")) outputs of \(number("bytes")) bytes, used \(number("hits")) times, "
                + "which saved \(TimeText.span(.milliseconds(number("saved_ms"))))\n"
        }
        return .ok
    }

    private static func totals(_ context: CommandContext) throws(CommandFailure) -> JSONValue {
        if let server = try context.server() { return try server.get("/v1/cache/stats") }
        var totals = CacheTotals()
        if let data = try ReadOnlyData(folder: context.dataFolder) {
            totals = try reading { () throws(StoreError) in try data.store.cacheTotals() }
        }
        return [
            "entries": .int(totals.entries), "bytes": .int(totals.bytes), "hits": .int(totals.hits),
            "saved_ms": .int(totals.saved.milliseconds),
        ]
    }

    private static let invalidate: CommandDescription = .init(
        name: "invalidate",
        summary: "Remove outputs from the cache, so that they are computed again",
        options: [
            OptionDescription(
                name: "workflow",
                kind: .text("NAME"),
                summary: "only those that came from that workflow"
            ),
            OptionDescription(name: "node", kind: .text("NODE"), summary: "only those of that node"),
            OptionDescription(
                name: "scope",
                kind: .text("SCOPE"),
                summary: "only those shared as `run:ID`, `workflow:NAME` or `project:NAME`"
            ),
            OptionDescription(name: "key", kind: .text("PREFIX"), summary: "only those whose key begins so"),
            OptionDescription(name: "all", kind: .flag, summary: "everything"),
        ],
        examples: [
            .init(line: "baton cache invalidate --workflow report --node fetch", comment: "one node"),
            .init(line: "baton cache invalidate --all", comment: "everything"),
        ],
        exits: [.unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        var selection = CacheSelection()
        selection.workflow = context.invocation.text("workflow")
        selection.node = context.invocation.text("node")
        selection.scope = context.invocation.text("scope")
        selection.key = context.invocation.text("key")
        guard (selection != CacheSelection()) != context.invocation.isOn("all") else {
            throw .usage("say which outputs, or `--all`")
        }
        var count = 0
        if let server = try context.server() {
            var fields: JSONObject = context.invocation.isOn("all") ? ["all": true] : [:]
            for name in ["workflow", "node", "scope", "key"] {
                fields[name] = context.invocation.text(name).map(JSONValue.string)
            }
            count = Int(try server.post("/v1/cache/invalidate", fields)["removed"]?.intValue ?? 0)
        } else if try ReadOnlyData(folder: context.dataFolder) != nil {
            let local = try LocalEngine(context, drives: false)
            let selection = selection
            let result = Result { () throws(CommandFailure) in
                try local.ask { engine async throws(EngineError) in try await engine.invalidateCache(selection) }
            }
            local.stop(grace: .zero)
            count = try result.get()
        }
        context.console.show(["removed": .int(Int64(count))]) { "\(count) outputs removed\n" }
        return .ok
    }
}
