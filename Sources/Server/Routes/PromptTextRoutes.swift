// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer
internal import Identity
internal import JSON

/// The texts of agents and skills, which administrators change (spec 8.10).
struct PromptTextRoutes: Sendable {
    /// `nil` where there are none.
    let access: PromptAccess?

    var routes: [Route] { PromptAccess.Kind.allCases.flatMap { reading($0) + writing($0) } }

    private func path(_ kind: PromptAccess.Kind) -> String { "/v1/\(kind.rawValue)s/{\(kind.rawValue)}/prompt" }

    /// `Agent` or `Skill`, within names of operations.
    private func word(_ kind: PromptAccess.Kind) -> String {
        kind.rawValue.prefix(1).uppercased() + kind.rawValue.dropFirst()
    }

    private func article(_ kind: PromptAccess.Kind) -> String { kind == .agent ? "an agent" : "a skill" }

    // MARK: Reading

    private func reading(_ kind: PromptAccess.Kind) -> [Route] { [show(kind), versions(kind), version(kind)] }

    private func show(_ kind: PromptAccess.Kind) -> Route {
        let contract = Contract(
            "show\(word(kind))Prompt",
            "The text of \(article(kind)) that is in force, as its file would have it.",
            .agents,
            .may(.readCatalog),
            .ok(.named("PromptText"))
        )
        return Route("GET", path(kind), contract) { call throws(Problem) in
            Self.answer(try await needed(kind, call).show(kind, name(kind, call)))
        }
    }

    private func versions(_ kind: PromptAccess.Kind) -> Route {
        let contract = Contract(
            "list\(word(kind))PromptVersions",
            "What administrators decided about the text of \(article(kind)), the newest first.",
            .agents,
            .may(.readCatalog),
            query: [.limit, .cursor],
            .page("PromptVersion")
        )
        return Route("GET", path(kind) + "/versions", contract) { call throws(Problem) in
            let page = PromptAccess.Page(before: try call.cursor { Int($0) }, limit: call.limit)
            let items = try await needed(kind, call).versions(kind, name(kind, call), page)
            return .page(items, next: items.count == page.limit ? items.last?["version"]?.text : nil)
        }
    }

    private func version(_ kind: PromptAccess.Kind) -> Route {
        let contract = Contract(
            "show\(word(kind))PromptVersion",
            "A version of the text of \(article(kind)).",
            .agents,
            .may(.readCatalog),
            .ok(.named("PromptVersionText"))
        )
        return Route("GET", path(kind) + "/versions/{version}", contract) { call throws(Problem) in
            guard let number = Int(call.parameter("version")) else {
                throw .notFound("version `\(call.parameter("version"))`")
            }
            return .json(try await needed(kind, call).version(kind, name(kind, call), number))
        }
    }

    // MARK: Writing

    private func writing(_ kind: PromptAccess.Kind) -> [Route] { [edit(kind), reset(kind)] }

    private static let mismatch = Contract.Answer.problem(
        412,
        "`etag.mismatch`: the text is not the one that was seen."
    )

    private func edit(_ kind: PromptAccess.Kind) -> Route {
        let contract = Contract(
            "edit\(word(kind))Prompt",
            "Gives \(article(kind)) another text, in place of that of its file; runs that have not used it yet are told it.",
            .agents,
            .may(.writeCatalog),
            headers: [.ifMatch],
            body: .json(
                .object(
                    .required(
                        "text",
                        .text(1...1_048_576),
                        "The whole file: front matter and instructions; 1 MiB at most."
                    ),
                    .optional("note", .reason)
                )
            ),
            .ok(.named("PromptText")),
            Self.mismatch
        ).checkingFurther()
        return Route("PUT", path(kind), contract) { call throws(Problem) in
            let change = try change(kind, text: call.fields.text("text"), note: call.fields.text("note"), call)
            return Self.answer(try await needed(kind, call).apply(change))
        }
    }

    private func reset(_ kind: PromptAccess.Kind) -> Route {
        let contract = Contract(
            "reset\(word(kind))Prompt",
            "Lets the file of \(article(kind)) count again; the versions stay.",
            .agents,
            .may(.writeCatalog),
            query: [.init("note", .word(0...2000), "Why.")],
            headers: [.ifMatch],
            .nothing,
            Self.mismatch
        )
        return Route("DELETE", path(kind), contract) { call throws(Problem) in
            _ = try await needed(kind, call).apply(try change(kind, text: nil, note: call.query("note"), call))
            return HTTPResponse(status: 204)
        }
    }

    private func change(
        _ kind: PromptAccess.Kind,
        text: String?,
        note: String?,
        _ call: APICall
    ) throws(Problem) -> PromptAccess.Change {
        guard call.caller.tenant == Principal.defaultTenant else {
            let message = "all tenants share agents and skills: only administrators of the first one change them"
            throw Problem(403, "permission.denied", message)
        }
        return PromptAccess.Change(
            of: kind,
            name(kind, call),
            text: text,
            note: note,
            expected: call.expectedTag,
            actor: call.actor,
            tenant: call.caller.tenant,
            address: call.address
        )
    }

    // MARK: Parts

    private func name(_ kind: PromptAccess.Kind, _ call: APICall) -> String { call.parameter(kind.rawValue) }

    private func needed(_ kind: PromptAccess.Kind, _ call: APICall) throws(Problem) -> PromptAccess {
        guard let access else { throw .notFound("\(kind.rawValue) `\(name(kind, call))`") }
        return access
    }

    /// A text with its tag.
    private static func answer(_ text: JSONValue) -> HTTPResponse {
        .json(text, headers: ["etag": "\"\(text["hash"]?.stringValue ?? "")\""])
    }
}
