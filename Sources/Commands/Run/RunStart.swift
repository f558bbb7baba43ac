// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Engine
import Glibc
import JSON
import Model
import Store

/// `baton run start`.
enum RunStart {
    static let command: CommandDescription = .init(
        name: "start",
        summary: "Start a workflow and drive it to its end, or until it waits for a person",
        discussion: """
            The run is durable from its first event on: Ctrl-C, a crash or a power cut lose nothing that was shown, and
            `baton run resume` continues it. Values of --input are JSON where the workflow does not ask for text. Inputs with
            `format: path` are taken relative to the current folder. What looks like a path is a file; any other word is first
            looked for among the published workflows. A server that is asked drives the run, and Ctrl-C
            only ends the watching.
            """,
        arguments: [
            .init(
                name: "FILE",
                summary: "a workflow in YAML or JSON, - for standard input, or a published one: NAME, NAME@TAG, NAME@3",
                completion: .files
            )
        ],
        options: [
            OptionDescription(
                name: "input",
                kind: .pair("NAME=VALUE"),
                summary: "an input",
                short: "i",
                isRepeated: true
            ),
            OptionDescription(
                name: "inputs-file",
                kind: .path("FILE"),
                summary: "a JSON object of inputs; --input wins over it"
            ),
            OptionDescription(
                name: "id",
                kind: .text("ID"),
                summary: "the id of the run: starting it again with the same content gives the same run"
            ),
            label,
            OptionDescription(
                name: "budget",
                kind: .text("USD"),
                summary: "the most that it may spend, with all that it starts; goes before what the workflow says"
            ),
            OptionDescription(
                name: "llm-tokens",
                kind: .number("N", 0...1_000_000_000_000),
                summary: "the most LLM tokens that it may use, likewise"
            ),
            RunCommands.follow(default: false),
            DryRunCommand.option,
        ] + RunCommands.waiting,
        examples: [
            .init(line: "baton run start order.yaml --input limit=500 --follow", comment: "watch it"),
            .init(line: "baton run order.yaml -i limit=500", comment: "the same, shorter"),
            .init(line: "baton run start order_check@3", comment: "version 3 of what is published as order_check"),
            .init(
                line: "baton run start order.yaml --inputs-file order.json -o json",
                comment: "the result for a program"
            ),
            .init(line: "baton run order.yaml -i limit=500 --dry-run", comment: "what it would do and ask for"),
        ],
        exits: [.runFailed, .notFound, .conflict, .unavailable, .budget, .needsPerson, .interrupted],
        reach: .folderOrServer,
        action: start
    )

    private static func start(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        if context.invocation.isOn("dry-run") {
            try context.refuseNamedServer("`--dry-run`")
        } else if let follower = try RunFollower.find(context) {
            return try ServerStart(follower: follower, context: context).start(isFollowed: isFollowed(context))
        }
        let settings = try SettingsReader.read(context)
        let toolbox = try Toolbox(settings, context)
        let file = try read(context, toolbox)
        let graph = try file.graph(context.console)
        let inputs = try RunInputs(graph: graph, context: context).read()
        if context.invocation.isOn("dry-run") { return DryRunCommand.show(graph, inputs, toolbox, context.console) }
        let given = try id(context)
        let run = given ?? makeID()
        var start = StartRequest(graph: graph, source: file.text, inputs: inputs, id: run, actor: context.actor)
        start.budget = BudgetLimit(
            money: try context.invocation.text("budget").map(BudgetCommands.money),
            languageModelTokens: context.invocation.number("llm-tokens").map { Int64($0) }
        )
        for pair in context.invocation.pairs("label") { start.labels[pair.name] = pair.value }
        let request = start
        let isFollowed = isFollowed(context)
        let driver = try RunDriver.open(context, settings, toolbox)
        return try driver.drive(run, after: 0, isFollowed: isFollowed) { () throws(CommandFailure) in
            let started = try driver.local.ask { engine async throws(EngineError) in try await engine.start(request) }
            // A run that was started before with this id is open, but nobody drives it.
            if given != nil {
                _ = try driver.local.ask { engine async throws(EngineError) in try await engine.adopt(started.id) }
            }
            announce(run.description, of: graph.name, isFollowed, context.console)
        }
    }

    private static let label = OptionDescription(
        name: "label",
        kind: .pair("NAME=VALUE"),
        summary: "a label, to find the run by",
        isRepeated: true
    )

    static func announce(_ run: String, of workflow: String, _ isFollowed: Bool, _ console: Console) {
        if isFollowed {
            console.note("\(run) of \(workflow)")
        } else if console.settings.format == .table {
            console.line(run)
            console.flush()
        }
    }

    private static func isFollowed(_ context: CommandContext) -> Bool {
        let isGiven = context.invocation.options["follow"] != nil
        return isGiven ? context.invocation.isOn("follow") : context.invocation.isShortForm
    }

    private static func read(_ context: CommandContext, _ toolbox: Toolbox) throws(CommandFailure) -> WorkflowFile {
        let name = context.invocation.word("FILE")
        do throws(CommandFailure) {
            // A dry run shows what cannot be executed here too; it is told in warnings.
            let purpose: Compiler.Purpose = context.invocation.isOn("dry-run") ? .check : .run
            return try WorkflowFile(name, context, try toolbox.makeCompiler(for: purpose))
        } catch {
            guard error.exit == .notFound, context.invocation.isShortForm else { throw error }
            let verbs = RunCommands.group.children.map(\.name)
            guard let guess = NearestName.find(name, among: verbs) else { throw error }
            throw .notFound(
                "there is no file \(name), and `\(name)` is no command of `baton run`",
                hint: "did you mean `baton run \(guess)`?"
            )
        }
    }

    static func id(_ context: CommandContext) throws(CommandFailure) -> RunID? {
        guard let text = context.invocation.text("id") else { return nil }
        guard let id = RunID(text) else {
            throw .usage("`\(text)` is no id of a run", hint: "an id is `run_` and 26 characters, such as \(makeID())")
        }
        return id
    }

    static func makeID() -> RunID {
        var source = IdentifierSource()
        var random = SystemRandomNumberGenerator()
        return source.next(at: SystemClock().wall(), entropy: (random.next(), random.next()))
    }
}
