// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import JSON
import Knowledge
import Model
import Store
import Threads

/// `baton rag index`: vectors for the passages of a source.
enum RAGIndex {
    static let command: CommandDescription = .init(
        name: "index",
        summary: "Give passages of a source their vectors, so that they are found by meaning as well",
        discussion: """
            The model is that of the setting tiers.embedding. A passage whose text has a vector of the model is not asked for
            again; so the command may be ended and repeated, and does only what is left. After another model was set all
            passages need new vectors: --dry-run says how many LLM tokens these are and what they cost.
            """,
        arguments: [RAGCommands.source],
        options: [
            OptionDescription(name: "dry-run", kind: .flag, summary: "only say what it would take")
        ],
        examples: [
            .init(line: "baton rag index handbook --dry-run", comment: "what would it cost?"),
            .init(line: "baton rag index handbook", comment: "what has no vector yet"),
        ],
        exits: [.notFound, .unavailable, .denied, .budget],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let source = context.invocation.word("SOURCE")
        if context.invocation.isOn("dry-run") {
            let plan = try plan(source, context)
            context.console.show(plan) { sentence(plan, source) }
            return .ok
        }
        guard let outcome = try index(source, context) else { throw noModel }
        if let code = outcome.code {
            throw CommandFailure(
                code == "budget.exhausted" ? .budget : .unavailable,
                code,
                "\(outcome.embedded) passages of `\(source)` got their vectors, then: \(outcome.notice ?? "")",
                hint: "what is done is kept; repeat the command to go on"
            )
        }
        context.console.show(.object(outcome.json)) {
            "\(source): \(outcome.embedded) passages got vectors of \(outcome.model)\n"
        }
        return .ok
    }

    private static let noModel = CommandFailure(
        .unavailable,
        "provider.unavailable",
        "no model makes vectors",
        hint: "name one with the setting tiers.embedding, as PROVIDER/MODEL"
    )

    private static func sentence(_ plan: JSONValue, _ source: String) -> String {
        let model = plan["model"]?.stringValue ?? ""
        let price = plan["usd"]?.stringValue.map { "about \($0) USD" } ?? "at a price that nobody knows"
        return "\(source): \(plan["texts"]?.text ?? "0") texts have no vector of \(model); these are about "
            + "\(plan["llm_tokens"]?.text ?? "0") LLM tokens, \(price)\n"
    }

    private static func plan(_ source: String, _ context: CommandContext) throws(CommandFailure) -> JSONValue {
        if let server = try context.server() {
            let plan = try server.post(path(source), ["dry_run": true])
            guard plan["model"]?.stringValue != nil else { throw noModel }
            return plan
        }
        return try working(context) { search throws(CommandFailure) in
            let row = try RAGCommands.known(source, search.library)
            return try wait { () async throws(LibraryError) in try await search.plan(row).json }
        }
    }

    /// What came of it.
    struct Outcome {
        let model: String
        var embedded = 0
        var code: String?
        var notice: String?

        /// For results.
        var json: JSONObject {
            var json: JSONObject = ["model": .string(model), "embedded": .int(Int64(embedded))]
            json["notice"] = notice.map(JSONValue.string)
            return json
        }
    }

    /// Gives all passages of a source their vectors, as far as that works; `nil` where no model makes any.
    static func index(_ source: String, _ context: CommandContext) throws(CommandFailure) -> Outcome? {
        if let server = try context.server() { return try index(source, server) }
        guard try SettingsReader.read(context).embeddingModel != nil else { return nil }
        return try working(context) { search throws(CommandFailure) in
            let row = try RAGCommands.known(source, search.library)
            let ownership = Ownership(tenant: Ownership.defaultTenant, owner: nil, project: row.ownership.project)
            let step = try wait { () async throws(LibraryError) in
                try await search.index(row, limit: .max, for: PaidCaller(ownership))
            }
            var outcome = Outcome(model: step.model ?? "", embedded: step.embedded)
            (outcome.code, outcome.notice) = (step.failure?.code, step.failure?.message)
            return outcome
        }
    }

    private static func index(_ source: String, _ server: RemoteServer) throws(CommandFailure) -> Outcome? {
        var (outcome, after) = (Outcome?.none, Int64(0))
        while true {
            let step = try server.post(path(source), ["after": .int(after)])
            guard let model = step["model"]?.stringValue else { return nil }
            var made = outcome ?? Outcome(model: model)
            made.embedded += Int(step["embedded"]?.intValue ?? 0)
            (made.code, made.notice) = (step["code"]?.stringValue, step["notice"]?.stringValue)
            outcome = made
            guard step["unfinished"] == true, made.code == nil else { return made }
            after = step["after"]?.intValue ?? 0
        }
    }

    private static func path(_ source: String) -> String { APIRequest.path("v1", "rag", source, "index") }

    /// Works on the folder with the engine that keeps its budgets, which locks it.
    static func working<Value>(
        _ context: CommandContext,
        _ body: (LibrarySearch) throws(CommandFailure) -> Value
    ) throws(CommandFailure) -> Value {
        guard try SettingsReader.read(context).embeddingModel != nil else { throw noModel }
        let local = try LocalEngine(context, drives: false)
        defer { local.stop(grace: .zero) }
        return try body(local.library)
    }

    /// Blocks until the library has done it.
    static func wait<Value: Sendable>(
        _ body: @escaping @Sendable () async throws(LibraryError) -> Value
    ) throws(CommandFailure) -> Value {
        let result = AsyncWork { () async -> Result<Value, LibraryError> in
            do throws(LibraryError) { return .success(try await body()) } catch { return .failure(error) }
        }.wait()
        return try libraryCall { () throws(LibraryError) in try result.get() }
    }
}
