// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Glibc
import HTTP
import JSON
import Knowledge
import Model
import Threads
import Tools

/// `baton tool …`: the operations that workflows can call.
enum ToolCommands {
    static let group: CommandDescription = .init(
        name: "tool",
        summary: "List tools, show what they take, and call one by hand",
        children: [list, search, schema, call]
    )

    private static let name = ArgumentDescription(name: "NAME", summary: "name of a tool, such as fs.read")

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List the tools that workflows can call",
        discussion:
            "EFFECTS says what a call changes: nothing (read), the workspace (write), the world (external, destructive).",
        examples: [.init(line: "baton tool list", comment: "built-in tools and those of tools.dir")],
        exits: [.unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        show(try definitions(context), context)
        return .ok
    }

    private static let search: CommandDescription = .init(
        name: "search",
        summary: "Find tools by words of their name and description",
        arguments: [.init(name: "WORD", summary: "what all of them must have", count: .many)],
        examples: [.init(line: "baton tool search file", comment: "what works on files")],
        exits: [.unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let words = (context.invocation.words["WORD"] ?? []).map { $0.lowercased() }
        let found = try definitions(context).filter { tool in
            let text = ["name", "description", "category"].compactMap { tool[$0]?.stringValue }.joined(separator: " ")
            return words.allSatisfy { text.lowercased().contains($0) }
        }
        show(found, context)
        return .ok
    }

    /// As the API has them.
    private static func definitions(_ context: CommandContext) throws(CommandFailure) -> [JSONValue] {
        if let server = try context.server() { return try server.items("/v1/tools") }
        return try toolbox(context).tools.definitions.map(\.json)
    }

    private static func show(_ tools: [JSONValue], _ context: CommandContext) {
        func text(_ tool: JSONValue, _ key: String) -> String { tool[key]?.stringValue ?? "" }
        var table = Table([
            .init(title: "TOOL"), .init(title: "EFFECTS"), .init(title: "CATEGORY"), .init(title: "WHAT IT DOES"),
        ])
        for tool in tools { table.add(["name", "effects", "category", "description"].map { text(tool, $0) }) }
        context.console.show(tools, table)
    }

    private static let schema: CommandDescription = .init(
        name: "schema",
        summary: "Show the JSON Schema of a tool's arguments and result",
        arguments: [name],
        examples: [.init(line: "baton tool schema http.request", comment: "what it takes")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        if let server = try context.server() {
            let tool = try server.get(APIRequest.path("v1", "tools", context.invocation.word("NAME")))
            context.console.show(tool) { "\(tool.prettyText)\n" }
            return .ok
        }
        let tools = try toolbox(context).tools
        let definition = try definition(context, tools)
        context.console.show(definition.json) {
            let output = definition.outputSchema.map { "\nresult:\n\($0.prettyText)\n" } ?? ""
            return
                "\(definition.name): \(definition.description)\n\narguments:\n\(definition.inputSchema.prettyText)\n\(output)"
        }
        return .ok
    }

    static let argumentOptions: [OptionDescription] = [
        OptionDescription(
            name: "arg",
            kind: .pair("NAME=VALUE"),
            summary: "an argument",
            short: "a",
            isRepeated: true
        ),
        OptionDescription(
            name: "args-json",
            kind: .text("JSON"),
            summary: "an object of arguments; --arg wins over it"
        ),
    ]

    private static let call: CommandDescription = .init(
        name: "call",
        summary: "Call a tool once, without a run",
        discussion:
            "The call has the same sandbox and limits as in a run. Without --workspace it works in an empty folder that is\n"
            + "removed afterwards.",
        arguments: [name],
        options: argumentOptions + [
            OptionDescription(name: "workspace", kind: .path("FOLDER"), summary: "the folder the call works in")
        ],
        examples: [
            .init(line: "baton tool call shell.exec --arg command='uname -a'", comment: "a program in the sandbox"),
            .init(line: "baton tool call fs.list --workspace .", comment: "on a folder of yours"),
        ],
        exits: [.runFailed, .notFound, .unavailable, .denied, .interrupted],
        action: call
    )

    private static func toolbox(_ context: CommandContext) throws(CommandFailure) -> Toolbox {
        try Toolbox(try SettingsReader.read(context), context)
    }

    private static func definition(
        _ context: CommandContext,
        _ tools: ToolRegistry
    ) throws(CommandFailure) -> ToolDefinition {
        let name = context.invocation.word("NAME")
        guard let definition = tools.definition(of: name) else {
            let guess = tools.nearestName(to: name).map { "did you mean `\($0)`?" }
            throw .notFound("there is no tool `\(name)`", hint: guess ?? "`baton tool list` shows them")
        }
        return definition
    }

    private static func call(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        // Servers that are programs get a folder that goes away again, too.
        let serverFolder = try ScratchFolder(nil)
        defer { serverFolder.remove() }
        let toolbox = try Toolbox(try SettingsReader.read(context), context, serverFolder: serverFolder.path)
        defer { AsyncWork { await toolbox.servers.stop() }.wait() }
        let definition = try definition(context, toolbox.tools)
        let arguments = try arguments(context, definition.inputSchema)
        let scratch = try ScratchFolder(context.invocation.text("workspace").map(context.absolute))
        defer { scratch.remove() }
        let cancellation = CancellationSignal()
        Interruption.watch { _ in cancellation.cancel() }
        let call = ToolContext(
            workspace: scratch.path,
            http: HTTPClient(policy: toolbox.policy),
            timeout: definition.timeout,
            cancellation: cancellation,
            sandbox: toolbox.sandbox
        )
        let result: Result<ToolResult, TaskError>
        if definition.category == RAGSearch().definition.category {
            // Nobody keeps budgets here.
            let hasModel = try SettingsReader.read(context).embeddingModel != nil
            let absence = hasModel ? "only words were looked for, as no run pays for vectors" : nil
            result = try KnowledgeSession.reading(context) { library throws(CommandFailure) in
                var call = call
                call.library = ToolLibrary(LibrarySearch(library, absence: absence), for: .common)
                return make(definition.name, arguments, call, toolbox)
            }
        } else {
            result = make(definition.name, arguments, call, toolbox)
        }
        do throws(TaskError) {
            let value = try result.get()
            if let log = value.log, !log.isEmpty { context.console.note(TextWidth.printable(log)) }
            context.console.show(value.output) { "\(value.output.prettyText)\n" }
            return .ok
        } catch {
            throw failure(error)
        }
    }

    private static func make(
        _ name: String,
        _ arguments: JSONValue,
        _ call: ToolContext,
        _ toolbox: Toolbox
    ) -> Result<ToolResult, TaskError> {
        AsyncWork { () async -> Result<ToolResult, TaskError> in
            do throws(TaskError) {
                return .success(try await toolbox.tools.call(name, arguments, context: call))
            } catch {
                return .failure(error)
            }
        }.wait()
    }

    static func arguments(
        _ context: CommandContext,
        _ schema: JSONValue
    ) throws(CommandFailure) -> JSONValue {
        var object = JSONObject()
        if let text = context.invocation.text("args-json") {
            guard let given = try? JSONValue(parsing: text).objectValue else {
                throw .invalid("--args-json is no JSON object: \(TextWidth.cut(text, to: 80))")
            }
            object = given
        }
        for pair in context.invocation.pairs("arg") {
            let schema = schema["properties"]?[pair.name]
            object[pair.name] = RunInputs.value(pair.value, schema: schema)
        }
        return .object(object)
    }

    private static func failure(_ error: TaskError) -> CommandFailure {
        let exit: ExitCode =
            switch error.code {
            case "validation.failed": .usage
            case "tool.unavailable": .notFound
            case "tool.denied", "http.blocked", "mcp.tool_changed": .denied
            case "sandbox.failed": .unavailable
            case "cancelled": .interrupted
            default: .runFailed
            }
        var failure = CommandFailure(exit, error.code, error.message)
        failure.details = error.details
        return failure
    }
}
