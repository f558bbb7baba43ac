// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPServer
import JSON
import MockModels
import Providers
import Threads

/// `baton mock-llm`: a model server that plays a script.
enum MockModelsCommand {
    static let command: CommandDescription = .init(
        name: "mock-llm",
        summary: "Serve models that answer from a script, in the forms of Anthropic, OpenAI and Ollama",
        discussion: """
            Answers POST /v1/messages, /v1/messages/count_tokens, /v1/chat/completions, /v1/responses, /api/chat and
            /api/generate, as a stream where that is asked for, and GET /v1/models, /api/tags and /api/version; batches at
            /v1/messages/batches, and at /v1/files and /v1/batches. The script says which call is answered how: words, calls of
            tools, errors, delays, streams that break off (docs/models.md). What no rule fits is echoed with a hash of the
            request. Listens on the loopback address only and needs no key. With a COMMAND the server lives as long as the
            command, which finds it in ANTHROPIC_BASE_URL, OPENAI_BASE_URL and OLLAMA_HOST; the exit code is that of the
            command.
            """,
        arguments: [.init(name: "COMMAND", summary: "a command to run beside the server", count: .verbatim)],
        options: [
            OptionDescription(
                name: "port",
                kind: .number("PORT", 0...65_535),
                summary: "0 takes any free one",
                defaultValue: "7422"
            ),
            OptionDescription(name: "script", kind: .path("FILE"), summary: "the script, in YAML or JSON"),
        ],
        examples: [
            .init(line: "baton mock-llm --script answers.yaml", comment: "serve until Ctrl-C"),
            .init(line: "baton mock-llm --port 0 python3 agent.py", comment: "beside a program that asks models"),
        ],
        exits: [.unavailable],
        action: serve
    )

    private static func serve(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let mock = MockModelServer(script: try script(context))
        let stop = ThreadSemaphore()
        let child = ChildCommand()
        Interruption.watch { number in
            stop.signal()
            // The terminal sends Ctrl-C to the command too; a second one would make it end at once.
            if number != SIGINT { child.send(number) }
        }
        let port = context.invocation.number("port") ?? 7422
        let started = AsyncWork { () async -> Result<WebServer, ServerError> in
            do throws(ServerError) {
                let endpoint = Endpoint.tcp(host: "127.0.0.1", port: port)
                return .success(
                    try await WebServer.start(ServerConfiguration(endpoints: [endpoint])) { await mock.answer($0) }
                )
            } catch {
                return .failure(error)
            }
        }
        let server: WebServer
        do throws(ServerError) {
            server = try started.wait().get()
        } catch {
            throw CommandFailure(.unavailable, "port.taken", error.description, hint: "--port 0 takes any free port")
        }
        defer { AsyncWork { await server.stop(within: .seconds(2)) }.wait() }
        let url = "http://\(server.addresses[0])"
        context.console.note("models on \(url)")
        let words = context.invocation.words["COMMAND"] ?? []
        if words.isEmpty {
            stop.wait()
            return .ok
        }
        return try child.run(words, environment(context, url))
    }

    private static func script(_ context: CommandContext) throws(CommandFailure) -> ModelScript {
        guard let path = context.invocation.text("script") else { return ModelScript() }
        let text = try TextFile.bytes(path == "-" ? path : context.absolute(path))
        do throws(ModelScriptError) {
            return try ModelScript(text, fileName: path)
        } catch {
            throw CommandFailure(.usage, "script.invalid", error.description)
        }
    }

    /// Where the official clients look for a server.
    private static func environment(_ context: CommandContext, _ url: String) -> [String: String] {
        var environment = context.environment
        environment["ANTHROPIC_BASE_URL"] = url
        environment["OPENAI_BASE_URL"] = "\(url)/v1"
        environment["OLLAMA_HOST"] = url
        for name in ["ANTHROPIC_API_KEY", "OPENAI_API_KEY"] { environment[name] = "mock" }
        return environment
    }
}
