// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import JSON
import Model

/// `baton resource …`: what tasks need, and how it is.
enum ResourceCommands {
    static let group: CommandDescription = .init(
        name: "resource",
        summary: "Look after hosts and services that tasks need and wait for",
        discussion: """
            A server looks at each resource again and again. Tasks whose node names it under `resources` wait while it is
            offline, and go on by themselves.
            """,
        children: [list, add, probe, remove]
    )

    private static let resource = ArgumentDescription(name: "RESOURCE", summary: "its id, as nodes name it")

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List resources and how they are",
        examples: [.init(line: "baton resource list", comment: "what is offline?")],
        exits: [.unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        let rows = try context.neededServer().items("/v1/resources")
        var table = Table([
            .init(title: "RESOURCE"), .init(title: "STATE", paint: .status), .init(title: "SINCE"),
            .init(title: "MS", isNumber: true), .init(title: "TARGET"), .init(title: "WHY"),
        ])
        for row in rows {
            table.add([
                row["id"]?.stringValue ?? "", row["state"]?.stringValue ?? "", RunDetails.date(row["since"]),
                row["last_probe"]?["latency_ms"]?.text ?? "", row["target"]?.stringValue ?? "",
                TextWidth.oneLine(row["reason"]?.stringValue ?? ""),
            ])
        }
        context.console.show(rows, table)
        return .ok
    }

    private static let add: CommandDescription = .init(
        name: "add",
        summary: "Make a resource known: a URL that answers, or a host and port that take connections",
        arguments: [resource, ArgumentDescription(name: "TARGET", summary: "http://…, https://… or HOST:PORT")],
        options: [
            OptionDescription(
                name: "interval",
                kind: .text("SPAN"),
                summary: "how often it is looked at (default: 30s)"
            ),
            OptionDescription(
                name: "timeout",
                kind: .text("SPAN"),
                summary: "how long an answer may take (default: 5s)"
            ),
            OptionDescription(name: "slow", kind: .text("SPAN"), summary: "an answer that takes longer is degraded"),
            OptionDescription(
                name: "failures",
                kind: .number("N", 1...100),
                summary: "so many in a row make it offline (default: 3)"
            ),
            OptionDescription(
                name: "successes",
                kind: .number("N", 1...100),
                summary: "so many in a row make it online again (default: 2)"
            ),
            OptionDescription(name: "allow-private", kind: .flag, summary: "its host may have a private address"),
        ],
        examples: [
            .init(
                line: "baton resource add models http://10.0.0.7:8000/health --allow-private",
                comment: "a model host"
            ),
            .init(
                line: "baton resource add db db.example.org:5432 --interval 10s",
                comment: "whether it takes connections"
            ),
        ],
        exits: [.conflict, .unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        let (invocation, target) = (context.invocation, context.invocation.word("TARGET"))
        var body: JSONObject = [
            "id": .string(invocation.word("RESOURCE")), "kind": target.contains("://") ? "http" : "tcp",
            "target": .string(target),
        ]
        for key in ["interval", "timeout", "slow"] { body[key] = invocation.text(key).map(JSONValue.string) }
        for key in ["failures", "successes"] { body[key] = invocation.number(key).map { .int(Int64($0)) } }
        if invocation.isOn("allow-private") { body["allow_private"] = true }
        return show(try context.neededServer().post("/v1/resources", body), context)
    }

    private static let probe: CommandDescription = .init(
        name: "probe",
        summary: "Look at a resource now",
        arguments: [resource],
        examples: [.init(line: "baton resource probe models", comment: "after it was repaired")],
        exits: [.notFound, .unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        show(try context.neededServer().post(path(context) + "/probe"), context)
    }

    private static let remove: CommandDescription = .init(
        name: "remove",
        summary: "Forget a resource; tasks that need it wait until there is one again",
        arguments: [resource],
        examples: [.init(line: "baton resource remove db", comment: "by its id")],
        exits: [.notFound, .unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        let id = context.invocation.word("RESOURCE")
        _ = try context.neededServer().send(APIRequest("DELETE", path(context)))
        context.console.show(["id": .string(id), "status": "removed"]) { "\(id) is removed\n" }
        return .ok
    }

    private static func show(_ row: JSONValue, _ context: CommandContext) -> ExitCode {
        context.console.show(row) {
            let reason = row["reason"]?.stringValue.map { ": \($0)" } ?? ""
            return "\(row["id"]?.stringValue ?? "") is \(row["state"]?.stringValue ?? "")\(reason)\n"
        }
        return .ok
    }

    private static func path(_ context: CommandContext) -> String {
        APIRequest.path("v1", "resources", context.invocation.word("RESOURCE"))
    }
}
