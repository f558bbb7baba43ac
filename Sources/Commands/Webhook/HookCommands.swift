// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import JSON

/// `baton hook …`: addresses that others call.
enum HookCommands {
    static let group: CommandDescription = .init(
        name: "hook",
        summary: "Let the calls of others signal runs or start them",
        discussion: """
            A hook is an address of the server. A call that is signed as the hook has it becomes a signal or a run; any other one is
            refused. HOOK is an id, or as much of its beginning as no other one has.
            """,
        examples: [
            .init(
                line: "baton hook create github --signal push --to workflow:deploy",
                comment: "shows the address, and the secret to give to GitHub, once"
            ),
            .init(line: "baton hook create standard --start order_check", comment: "a run for each call"),
        ],
        children: [create, list, show, rotate, delete]
    )

    private static let hook = ArgumentDescription(name: "HOOK", summary: "id of a hook, or its beginning")
    private static let secret = OptionDescription(
        name: "secret-file",
        kind: .path("FILE"),
        summary: "the secret that calls are signed with, in a file; without one it is made and shown this once"
    )

    private static let create: CommandDescription = .init(
        name: "create",
        summary: "Make an address, and say what comes of a call",
        discussion: """
            Give `--signal` with `--to`, or `--start`. Expressions see `body` and `headers` of the call, whose names are in lower
            case. A signal carries the body of the call unless `--payload` says otherwise.
            """,
        arguments: [
            ArgumentDescription(name: "KIND", summary: "standard, github, slack, stripe, basic or api_key")
        ],
        options: [
            OptionDescription(name: "signal", kind: .text("TYPE"), summary: "send this signal"),
            OptionDescription(
                name: "to",
                kind: .text("TARGET"),
                summary: "to `run:ID`, `workflow:NAME`, `project` or `broadcast`"
            ),
            OptionDescription(name: "key", kind: .text("CEL"), summary: "which of several waits the signal means"),
            OptionDescription(name: "payload", kind: .text("JSON"), summary: "what the signal carries, a template"),
            OptionDescription(name: "start", kind: .text("WORKFLOW"), summary: "start a published workflow"),
            OptionDescription(
                name: "input",
                kind: .pair("NAME=TEMPLATE"),
                summary: "an input of the run, such as 'ref=${ body.ref }'",
                short: "i",
                isRepeated: true
            ),
            OptionDescription(name: "when", kind: .text("CEL"), summary: "other calls are taken and do nothing"),
            OptionDescription(name: "project", kind: .text("NAME"), summary: "the project it belongs to"),
            secret,
        ],
        examples: [
            .init(
                line:
                    "baton hook create github --signal push --to workflow:deploy --when 'body.ref == \"refs/heads/main\"'",
                comment: "only pushes to main"
            )
        ],
        exits: [.notFound, .unavailable, .denied, .conflict],
        reach: .server
    ) { context throws(CommandFailure) in
        var body: JSONObject = ["kind": .string(context.invocation.word("KIND"))]
        let (name, effect) = try wantedEffect(context.invocation)
        body[name] = .object(effect)
        for name in ["when", "project"] { body[name] = context.invocation.text(name).map(JSONValue.string) }
        body["secret"] = try secretText(context)
        let made = try context.neededServer().post("/v1/hooks", body)
        display(made, context)
        return .ok
    }

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List one's hooks",
        examples: [.init(line: "baton hook list", comment: "who may call, and what comes of it")],
        exits: [.unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        let hooks = try context.neededServer().items("/v1/hooks")
        var table = Table([
            .init(title: "ID"), .init(title: "KIND"), .init(title: "DOES"), .init(title: "URL"),
            .init(title: "CREATED", paint: .dim),
        ])
        for hook in hooks {
            table.add([
                text(hook, "id"), text(hook, "kind"), effect(hook), text(hook, "url"),
                RunDetails.date(hook["created_at"]),
            ])
        }
        context.console.show(hooks, table)
        return .ok
    }

    private static let show: CommandDescription = .init(
        name: "show",
        summary: "Show a hook",
        arguments: [hook],
        examples: [.init(line: "baton hook show hook_01", comment: "its address, and what it does")],
        exits: [.notFound, .unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        let server = try context.neededServer()
        display(try server.get(try path(server, context)), context)
        return .ok
    }

    private static let rotate: CommandDescription = .init(
        name: "rotate",
        summary: "Give it another secret; for a day the one before is taken as well",
        arguments: [hook],
        options: [secret],
        examples: [.init(line: "baton hook rotate hook_01", comment: "then give the new one to who calls")],
        exits: [.notFound, .unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        let server = try context.neededServer()
        var body: JSONObject = [:]
        body["secret"] = try secretText(context)
        display(try server.post(try path(server, context) + "/rotate", body), context)
        return .ok
    }

    private static let delete: CommandDescription = .init(
        name: "delete",
        summary: "Take no calls any more",
        arguments: [hook],
        examples: [.init(line: "baton hook delete hook_01", comment: "calls are refused from now on")],
        exits: [.notFound, .unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        let server = try context.neededServer()
        let path = try path(server, context)
        _ = try server.send(APIRequest("DELETE", path))
        let id = path.split(separator: "/").last.map(String.init) ?? ""
        context.console.show(["deleted": .string(id)]) { "\(id) is removed\n" }
        return .ok
    }

    // MARK: Parts

    private static func wantedEffect(_ given: Invocation) throws(CommandFailure) -> (name: String, JSONObject) {
        switch (given.text("signal"), given.text("start")) {
        case (let signal?, nil):
            guard let target = given.text("to") else {
                throw .usage("`--to` is missing", hint: "say who gets the signal: `--to workflow:NAME`")
            }
            guard given.pairs("input").isEmpty else { throw .usage("`--input` belongs to `--start`") }
            var effect: JSONObject = ["type": .string(signal), "to": .string(target)]
            effect["key"] = given.text("key").map(JSONValue.string)
            effect["payload"] = given.text("payload").map { RunInputs.value($0, schema: nil) }
            return ("signal", effect)
        case (nil, let workflow?):
            for name in ["to", "key", "payload"] where given.text(name) != nil {
                throw .usage("`--\(name)` belongs to `--signal`")
            }
            var inputs: JSONObject = [:]
            for pair in given.pairs("input") { inputs[pair.name] = RunInputs.value(pair.value, schema: nil) }
            return ("start", ["workflow": .string(workflow), "inputs": .object(inputs)])
        default: throw .usage("say what comes of a call: `--signal TYPE --to TARGET`, or `--start WORKFLOW`")
        }
    }

    private static func secretText(_ context: CommandContext) throws(CommandFailure) -> JSONValue? {
        guard let path = context.invocation.text("secret-file") else { return nil }
        var bytes = try TextFile.bytes(path == "-" ? path : context.absolute(path), limit: 1000)
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        return .string(String(decoding: bytes, as: UTF8.self))
    }

    private static func path(_ server: RemoteServer, _ context: CommandContext) throws(CommandFailure) -> String {
        let all = try server.items("/v1/hooks")
        let found = try IdentifierLookup.only(context.invocation.word("HOOK"), "hook", among: all) { text($0, "id") }
        return APIRequest.path("v1", "hooks", text(found, "id"))
    }

    private static func display(_ hook: JSONValue, _ context: CommandContext) {
        context.console.show(hook) {
            var lines = ["\(text(hook, "id")): \(text(hook, "kind"))", "at \(text(hook, "url"))", effect(hook)]
            for (name, title) in [
                ("when", "when"), ("project", "project"), ("secret", "secret"),
                ("old_secret_until", "the secret before is taken until"),
            ] where hook[name] != nil {
                lines.append("\(title): \(text(hook, name))")
            }
            return lines.map { TextWidth.oneLine($0) + "\n" }.joined()
        }
    }

    private static func effect(_ hook: JSONValue) -> String {
        if let signal = hook["signal"] { return "signals \(text(signal, "type")) to \(text(signal, "to"))" }
        return "starts \(hook["start"].map { text($0, "workflow") } ?? "")"
    }

    private static func text(_ value: JSONValue, _ name: String) -> String { value[name]?.stringValue ?? "" }
}
