// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model

/// What can be said of a document that is not stored (spec 4): checks, figures and advice.
struct DocumentRoutes: Sendable {
    /// The media types of documents.
    static let types = ["application/yaml", "application/json", "text/yaml", "text/plain"]

    let service: Service
    /// What agents are estimated with.
    let prices: @Sendable () -> PriceTable

    var routes: [Route] {
        [
            Route(
                "POST",
                "/v1/validate",
                Contract(
                    "validateDocument",
                    "Says what is wrong with a document.",
                    .workflows,
                    .may(.readWorkflows),
                    body: .document,
                    .ok(.answer(.required("valid", .flag), .required("diagnostics", .list(.named("Diagnostic")))))
                ).checkingFurther()
            ) { call throws(Problem) in
                let result = try await compile(call)
                var body: JSONObject = [
                    "valid": .bool(result.graph != nil), "diagnostics": .array(result.diagnostics.map(\.json)),
                ]
                body["hash"] = result.graph.map { .string($0.hash) }
                return .json(.object(body))
            },
            Route(
                "POST",
                "/v1/compile",
                Contract(
                    "compileDocument",
                    "The graph of a document.",
                    .workflows,
                    .may(.readWorkflows),
                    body: .document,
                    .ok(.answer(.required("hash", .text), .required("graph", .anyObject)))
                ).checkingFurther()
            ) { call throws(Problem) in
                let graph = try await graph(call)
                return .json(["hash": .string(graph.hash), "graph": graph.json])
            },
            Route(
                "POST",
                "/v1/estimate",
                Contract(
                    "estimateDocument",
                    "Money, LLM tokens and time of a run: if all goes well, what to expect, and at worst.",
                    .workflows,
                    .may(.readWorkflows),
                    query: [
                        .init("inputs", .word(2...8000), "Inputs as far as they are known: an object as JSON.")
                    ],
                    body: .document,
                    .ok(.anyObject)
                ).checkingFurther()
            ) { call throws(Problem) in
                let graph = try await graph(call)
                let history = try await service.history(of: graph.name, call.caller)
                let estimator = Estimator(history: history, prices: prices())
                return .json(estimator.estimate(graph, inputs: try graph.inputs(from: call)).json)
            },
            Route(
                "POST",
                "/v1/optimise",
                Contract(
                    "optimiseDocument",
                    "What the compiler does by itself, and what a person could do better.",
                    .workflows,
                    .may(.readWorkflows),
                    query: [
                        .init(
                            "apply",
                            .choice(["safe", "all"]),
                            "Gives the changed document: with what nobody can notice, or with all that has a patch."
                        )
                    ],
                    body: .document,
                    .ok(
                        .answer(
                            .required("applied", .list(.any), "What the compiler, or with `apply` the request, did."),
                            .optional("suggestions", .list(.any), "Without `apply`."),
                            .optional("document", .anyObject, "With `apply`.")
                        )
                    )
                ).checkingFurther()
            ) { call throws(Problem) in
                _ = try await graph(call)
                let (compiler, text) = (service.compiler, call.document)
                if let which = call.query("apply") { return try await apply(which == "all", compiler, text) }
                let advice = try await service.blocking { () throws(Problem) in
                    compiler.advise(text: text, fileName: "document")
                }
                return .json([
                    "applied": .array(advice.applied.map(\.json)),
                    "suggestions": .array(advice.suggestions.map(\.json)),
                ])
            },
            Route(
                "POST",
                "/v1/layout",
                Contract(
                    "layOutDocument",
                    "Where nodes and edges go in a drawing of the graph.",
                    .workflows,
                    .may(.readWorkflows),
                    query: [
                        .init(
                            "format",
                            .choice(GraphRendering.allCases.map(\.rawValue)),
                            "How it is drawn; `text` when not given."
                        )
                    ],
                    body: .document,
                    .ok(.answer(.required("format", .text), .required("drawing", .text)))
                ).checkingFurther()
            ) { call throws(Problem) in
                let format = call.query("format").flatMap(GraphRendering.init) ?? .text
                let drawing = format.render(try await graph(call))
                return .json(["format": .string(format.rawValue), "drawing": .string(drawing)])
            },
        ]
    }

    private func apply(
        _ takesAll: Bool,
        _ compiler: Compiler,
        _ text: [UInt8]
    ) async throws(Problem) -> HTTPResponse {
        let result = try await service.blocking { () throws(Problem) in
            compiler.applying(to: text, fileName: "document") { takesAll || $0.isAutoApplySafe }
        }
        guard let result else { throw Problem(422, "definition.invalid", "the document cannot be used") }
        return .json(["document": result.document, "applied": .array(result.applied.map(\.json))])
    }

    private func compile(_ call: APICall) async throws(Problem) -> CompileResult {
        let (compiler, text) = (service.compiler, call.document)
        return try await service.blocking { () throws(Problem) in
            compiler.compile(text: text, fileName: "document")
        }
    }

    private func graph(_ call: APICall) async throws(Problem) -> Graph {
        let result = try await compile(call)
        guard let graph = result.graph else { throw Problem(result.diagnostics) }
        return graph
    }
}

extension Service {
    /// What nodes of a workflow took in runs that the caller sees.
    func history(of workflow: String, _ caller: Principal) async throws(Problem) -> History {
        let visibility = try await visibility(of: caller)
        return try await readRuns { reader throws(EngineError) in
            try reader.history(ofWorkflow: workflow, visibility)
        }
    }
}

extension Problem {
    /// A document that cannot be used.
    init(_ diagnostics: [Diagnostic]) {
        let items = diagnostics.map { Item(path: $0.path, code: "\($0.code)", message: $0.message) }
        let first = diagnostics.first { $0.severity == .error }?.message ?? "it does not compile"
        self.init(422, "definition.invalid", "the document cannot be used: \(first)", items: items)
    }
}

extension Graph {
    /// Inputs that have a default, or that the query gives.
    fileprivate func inputs(from call: APICall) throws(Problem) -> JSONObject {
        var values = JSONObject()
        for input in inputs { values[input.name] = input.defaultValue }
        guard let text = call.query("inputs") else { return values }
        guard let given = (try? JSONValue(parsing: text))?.objectValue else {
            throw .invalid("inputs", "must be an object as JSON")
        }
        for member in given.members {
            guard inputs.contains(where: { $0.name == member.key }) else {
                throw .invalid("inputs", "there is no input `\(member.key)`")
            }
            values[member.key] = member.value
        }
        return values
    }
}
