// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Definition
import Engine
import JSON
import Model
import Store

/// `baton run retry`, `fork` and `rerun`: doing things again.
enum RunAgain {
    static let retry: CommandDescription = .init(
        name: "retry",
        summary: "Make new attempts of tasks that failed, in the same run, and drive it to its end",
        discussion: "What was skipped because of them is looked at again; what completed is not done again.",
        arguments: [RunCommands.run],
        options: [
            OptionDescription(
                name: "node",
                kind: .text("NODE"),
                summary: "a failed or skipped task instead of all that failed; `check[3]` names one in a pass or item",
                isRepeated: true
            ),
            RunCommands.follow(default: true),
        ] + RunCommands.waiting,
        examples: [
            .init(line: "baton run retry last", comment: "everything that failed in the newest run"),
            .init(line: "baton run retry last --node build", comment: "one task"),
        ],
        exits: exits,
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        try retry(context, nodes: context.invocation.texts("node"))
    }

    /// `baton task …`.
    static let tasks: CommandDescription = .init(
        name: "task",
        summary: "List and control single tasks of runs",
        examples: [
            .init(line: "baton task retry last build", comment: "the same as `baton run retry last --node build`"),
            .init(line: "baton task cancel last ask", comment: "one task of the newest run; the rest goes on"),
        ],
        children: [TaskListing.list, TaskListing.show, TaskPrompt.command, retryTask, RunControl.cancelTask]
    )

    private static let retryTask: CommandDescription = .init(
        name: "retry",
        summary: "Make a new attempt of a task that failed or was skipped",
        arguments: [
            RunCommands.run, ArgumentDescription(name: "NODE", summary: "the task; `check[3]` within a pass or item"),
        ],
        options: [RunCommands.follow(default: true)] + RunCommands.waiting,
        examples: [.init(line: "baton task retry last build", comment: "one task of the newest run")],
        exits: exits,
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        try retry(context, nodes: [context.invocation.word("NODE")])
    }

    static let fork: CommandDescription = .init(
        name: "fork",
        summary: "Make a run that goes on from any event of another one",
        discussion:
            "Nothing is copied and nothing that ended before is done again. What was in flight at the event begins\n"
            + "anew in the new run. Its workspace is empty.",
        arguments: [RunCommands.run],
        options: [
            OptionDescription(
                name: "at",
                kind: .number("SEQ", 1...Int.max),
                summary: "the run_seq of the event after which it goes on; the last one by default"
            ),
            OptionDescription(
                name: "input",
                kind: .pair("NAME=VALUE"),
                summary: "another value of an input",
                short: "i",
                isRepeated: true
            ),
            OptionDescription(
                name: "set",
                kind: .pair("NODE=JSON"),
                summary: "another output of a task that had ended",
                isRepeated: true
            ),
            OptionDescription(
                name: "config",
                kind: .pair("NODE.KEY=JSON"),
                summary: "another configuration of a node that had not ended; null takes the key away",
                isRepeated: true
            ),
            id, RunCommands.follow(default: true),
        ] + RunCommands.waiting,
        examples: [
            .init(line: "baton run fork last --at 42", comment: "go on from event 42 of the newest run"),
            .init(line: "baton run fork last --at 42 --set 'price={\"amount\": 3}'", comment: "with another result"),
            .init(line: "baton run fork last --at 42 --config 'write.prompt=Be brief.'", comment: "with other words"),
        ],
        exits: exits,
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        if let follower = try RunFollower.find(context) { return try fork(follower, context) }
        return try derive(context) { row, driver throws(CommandFailure) in
            let at = context.invocation.number("at").map { Int64($0) }
            var request = DeriveRequest(row.id, .fork(at: at), actor: context.actor)
            let graph = try engineCall { () throws(EngineError) in try driver.local.engine.reader.graph(row.graphHash) }
            for pair in context.invocation.pairs("input") {
                let input = graph.definition.inputs.first { $0.name == pair.name }
                var value = RunInputs.value(pair.value, schema: input?.schema)
                if input?.schema["format"]?.stringValue == "path", let path = value.stringValue {
                    value = .string(context.absolute(path))
                }
                request.inputs[pair.name] = value
            }
            for pair in context.invocation.pairs("set") {
                request.outputs[pair.name] = RunInputs.value(pair.value, schema: nil)
            }
            request.configuration = try configuration(context)
            return request
        }
    }

    static let rerun: CommandDescription = .init(
        name: "rerun",
        summary: "Do a task of a run that has ended again, and everything after it",
        discussion:
            "Results of what comes before are used again. By default in a new run, whose workspace is empty; with\n"
            + "--in-place in the same one, which must have failed or been cancelled.",
        arguments: [RunCommands.run],
        options: [
            OptionDescription(name: "from", kind: .text("NODE"), summary: "the task to begin with"),
            OptionDescription(name: "in-place", kind: .flag, summary: "in the same run"),
            id, RunCommands.follow(default: true),
        ] + RunCommands.waiting,
        examples: [.init(line: "baton run rerun last --from build", comment: "build again, and what comes after it")],
        exits: exits,
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        guard let node = context.invocation.text("from") else {
            throw .usage("`--from` is missing", hint: "name the task to begin with")
        }
        let order = RunOrder("rerun", ["from": .string(node)])
        guard context.invocation.isOn("in-place") else {
            if let follower = try RunFollower.find(context) { return try derive(follower, order, context) }
            return try derive(context) { row, _ in DeriveRequest(row.id, .rerun(from: node), actor: context.actor) }
        }
        let inPlace = RunOrder("rerun", ["from": .string(node), "in_place": true])
        return try RunRollback.drive(context, inPlace, wanted: .completed) {
            engine,
            run,
            actor async throws(EngineError) in
            try await engine.rerunInPlace(run, from: node, by: actor)
        }
    }

    static let id = OptionDescription(
        name: "id",
        kind: .text("ID"),
        summary: "the id of the new run: asking again with it gives the same run"
    )
    private static let exits: [ExitCode] = [
        .runFailed, .notFound, .conflict, .unavailable, .needsPerson, .interrupted,
    ]

    static func taskName(_ text: String) throws(CommandFailure) -> TaskName {
        guard let name = TaskName(text) else {
            throw .usage("`\(text)` names no task", hint: "write `check`, or `check[3]` for item or pass 3")
        }
        return name
    }

    private static func retry(_ context: CommandContext, nodes: [String]) throws(CommandFailure) -> ExitCode {
        let tasks = try nodes.map(taskName)
        let order = RunOrder("retry", ["tasks": .array(nodes.map(JSONValue.string))])
        return try RunRollback.drive(context, order, wanted: .completed) {
            engine,
            run,
            actor async throws(EngineError) in
            try await engine.retry(run, tasks: tasks, by: actor)
        }
    }

    private static func fork(_ follower: RunFollower, _ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let server = follower.server
        let graph = try server.get(APIRequest.path("v1", "runs", try server.run(), "graph"))
        let inputs = InputSchemas(graph: graph).typed(context)
        var outputs: JSONObject = [:]
        for pair in context.invocation.pairs("set") { outputs[pair.name] = RunInputs.value(pair.value, schema: nil) }
        var fields: JSONObject = [:]
        fields["at"] = context.invocation.number("at").map { .int(Int64($0)) }
        if !inputs.isEmpty { fields["inputs"] = .object(inputs) }
        if !outputs.isEmpty { fields["outputs"] = .object(outputs) }
        var config: JSONObject = [:]
        for (node, keys) in try configuration(context).sorted(by: { $0.key < $1.key }) { config[node] = .object(keys) }
        if !config.isEmpty { fields["config"] = .object(config) }
        return try derive(follower, RunOrder("fork", fields), context)
    }

    /// What `--config` says, by node.
    private static func configuration(_ context: CommandContext) throws(CommandFailure) -> [String: JSONObject] {
        var result: [String: JSONObject] = [:]
        for pair in context.invocation.pairs("config") {
            guard let dot = pair.name.firstIndex(of: "."), dot != pair.name.startIndex else {
                throw .usage("`--config \(pair.name)` names no key", hint: "write NODE.KEY=JSON")
            }
            let key = String(pair.name[pair.name.index(after: dot)...])
            result[String(pair.name[..<dot]), default: [:]][key] = RunInputs.value(pair.value, schema: nil)
        }
        return result
    }

    /// Has a server make a run from another one and follows it.
    private static func derive(
        _ follower: RunFollower,
        _ order: RunOrder,
        _ context: CommandContext
    ) throws(CommandFailure) -> ExitCode {
        let server = follower.server
        let origin = try server.run()
        let order = RunOrder(order.verb, order.fields.with("id", try RunStart.id(context)?.description))
        let isFollowed = context.invocation.isOn("follow")
        return try follower.follow(nil, isFollowed: isFollowed) { () throws(CommandFailure) in
            let run = try order.give(to: origin, server)["id"]?.stringValue ?? ""
            if isFollowed { context.console.note("\(run) goes on from \(origin)") }
            return run
        }
    }

    /// Makes a run from another one and drives it.
    private static func derive(
        _ context: CommandContext,
        _ make: (RunRow, RunDriver) throws(CommandFailure) -> DeriveRequest
    ) throws(CommandFailure) -> ExitCode {
        try RunControl.requireData(context)
        let run = try RunStart.id(context) ?? RunStart.makeID()
        let driver = try RunDriver.open(context)
        var request: DeriveRequest
        do throws(CommandFailure) {
            request = try make(try RunControl.find(context, driver.local.store), driver)
        } catch {
            driver.close()
            throw error
        }
        request.id = run
        let asked = request
        let isFollowed = context.invocation.isOn("follow")
        return try driver.drive(run, after: 0, isFollowed: isFollowed) { () throws(CommandFailure) in
            _ = try driver.local.ask { engine async throws(EngineError) in
                _ = try await engine.derive(asked)
                // One that was made before with this id is open, but nobody drives it.
                return try await engine.adopt(run)
            }
            if isFollowed { context.console.note("\(run) goes on from \(asked.origin)") }
        }
    }
}
