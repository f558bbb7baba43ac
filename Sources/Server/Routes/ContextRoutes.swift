// Baton
// SPDX-License-Identifier: Apache-2.0

internal import AgentMemory
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Store

/// Contexts and thoughts.
extension NoteRoutes {
    func contexts(_ home: Home) -> [Route] {
        let path = home.path + "/context"
        return [
            Route(
                "GET",
                path,
                Contract(
                    "list\(home.word)Contexts",
                    "Contexts of \(home.owner) by name, without what is in them.",
                    .memory,
                    .may(home.reading),
                    query: [.limit, .init("cursor", .word(1...1000), "`next_cursor` of the page before.")],
                    .page("SavedContext")
                )
            ) { call throws(Problem) in
                var arguments: JSONObject = ["limit": .int(Int64(call.limit))]
                arguments["after"] = call.query("cursor").map(JSONValue.string)
                return Self.page(try await perform("context.list", arguments, home, call))
            },
            save(home, path), load(home, path),
            Route(
                "DELETE",
                path + "/{context}",
                Contract(
                    "delete\(home.word)Context",
                    "Removes a context of \(home.owner).",
                    .memory,
                    .may(.callTools),
                    .nothing
                ).checkingFurther()
            ) { call throws(Problem) in
                let name = call.parameter("context")
                let answer = try await perform("context.delete", ["name": .string(name)], home, call)
                guard answer["deleted"] == true else { throw .notFound("context `\(name)`") }
                return HTTPResponse(status: 204)
            },
            merge(home, path),
        ]
    }

    private func save(_ home: Home, _ path: String) -> Route {
        let contract = Contract(
            "save\(home.word)Context",
            "Saves a context of \(home.owner), in place of what it was.",
            .memory,
            .may(.callTools),
            body: .json(
                .object(
                    .required("value", .anyObject, "Up to 256 KiB."),
                    .optional("ttl", .text(2...40), "How long it is kept, such as `30m` or `7d`.")
                )
            ),
            .ok(.named("ContextWritten"))
        )
        return Route("PUT", path + "/{context}", contract.checkingFurther()) { call throws(Problem) in
            var arguments = call.fields.object
            arguments["name"] = .string(call.parameter("context"))
            return .json(try await perform("context.save", arguments, home, call))
        }
    }

    private func load(_ home: Home, _ path: String) -> Route {
        let contract = Contract(
            "load\(home.word)Context",
            "A context of \(home.owner).",
            .memory,
            .may(home.reading),
            query: [.init("key", .word(1...200), "Only that member; may be there several times.", repeats: true)],
            .ok(.named("SavedContext"))
        )
        return Route("GET", path + "/{context}", contract.checkingFurther()) { call throws(Problem) in
            let name = call.parameter("context")
            var arguments: JSONObject = ["name": .string(name)]
            let keys = call.request.target.query.filter { $0.name == "key" }.map(\.value)
            if !keys.isEmpty { arguments["keys"] = .array(keys.map(JSONValue.string)) }
            let context = try await perform("context.load", arguments, home, call)
            guard context["found"] == true else { throw .notFound("context `\(name)`") }
            return .json(context)
        }
    }

    private func merge(_ home: Home, _ path: String) -> Route {
        let contract = Contract(
            "merge\(home.word)Contexts",
            "Joins contexts of \(home.owner) into one; what that one has already counts as well.",
            .memory,
            .may(.callTools),
            body: .json(
                .object(
                    .required("into", .text(1...200)),
                    .required("from", .list(.text(1...200), 1...16)),
                    .optional(
                        "strategy",
                        .choice(ContextMerge.Strategy.self),
                        "Who wins: for every member the context saved last that has it, or the one saved last as a whole."
                    ),
                    .optional("ttl", .text(2...40))
                )
            ),
            .ok(.named("ContextWritten"))
        )
        return Route("POST", path + "/merge", contract.checkingFurther()) { call throws(Problem) in
            .json(try await perform("context.merge", call.fields.object, home, call))
        }
    }

    // MARK: Carrying elsewhere

    private static let lines = "application/jsonl"

    func transfers(_ home: Home) -> [Route] {
        let path = home.path + "/context"
        var export = Contract(
            "export\(home.word)Contexts",
            "All contexts of \(home.owner), one JSON object in each line, as they are read.",
            .memory,
            .may(home.reading)
        )
        export.answers = [Contract.Answer(200, "The lines.", .text, mediaType: Self.lines)]
        return [
            Route("GET", path + "/export", export) { call throws(Problem) in
                let place = try await place(home, call, home.reading)
                let (service, notebook) = (service, service.notebook)
                return .stream(headers: ["content-type": Self.lines]) { writer in
                    var last: String?
                    while true {
                        let after = last
                        let part = try await service.blocking { () throws(NoteError) in
                            try notebook.exported(after: after, in: place)
                        }
                        guard !part.lines.isEmpty else { return }
                        last = part.last
                        try await writer.write(Array(part.lines.flatMap { $0.bytes() + [10] }))
                    }
                }
            },
            Route(
                "POST",
                path + "/import",
                Contract(
                    "import\(home.word)Contexts",
                    "Saves contexts of \(home.owner) as an export has them, line by line as they come.",
                    .memory,
                    .may(.callTools),
                    body: .bytes,
                    .ok(
                        .answer(.required("saved", .integer), .required("ended", .integer, "They had ended meanwhile."))
                    )
                ).checkingFurther()
            ) { call throws(Problem) in
                try await take(try await place(home, call, .callTools), call)
            },
        ]
    }

    /// What was saved before a line that is wrong stays; the problem says how much that is.
    private func take(_ place: NotePlace, _ call: APICall) async throws(Problem) -> HTTPResponse {
        var (rest, saved, ended, number) = ([UInt8](), 0, 0, 0)
        var chunks = call.request.body.makeAsyncIterator()
        while true {
            let chunk: [UInt8]?
            do throws(HTTPStreamError) {
                chunk = try await chunks.next()
            } catch {
                throw Problem(400, "validation.failed", error.message)
            }
            rest += chunk ?? [10]
            var lines = rest.split(separator: 10, omittingEmptySubsequences: false).map(Array.init)
            rest = lines.removeLast()
            for line in lines {
                number += 1
                guard !line.allSatisfy({ $0 == 32 || $0 == 13 }) else { continue }
                if try await take(line, number, saved, place, call) { saved += 1 } else { ended += 1 }
            }
            guard rest.count <= Self.lineLimit else {
                throw Problem(413, "too_large", "line \(number + 1) may have \(Self.lineLimit) bytes, and has more")
            }
            if chunk == nil { break }
        }
        return .json(["saved": .int(Int64(saved)), "ended": .int(Int64(ended))])
    }

    private static let lineLimit = 4 * NoteLimits.context

    private func take(
        _ line: [UInt8],
        _ number: Int,
        _ saved: Int,
        _ place: NotePlace,
        _ call: APICall
    ) async throws(Problem) -> Bool {
        let (notebook, author) = (service.notebook, Notebook.Author(call.actor))
        do throws(Problem) {
            return try await service.blocking { () throws(Problem) in
                guard line.count <= Self.lineLimit, let value = try? JSONValue(parsing: line) else {
                    throw .invalid("", "is no JSON")
                }
                do throws(NoteError) {
                    return try notebook.importLine(value, in: place, by: author)
                } catch {
                    throw error.problem
                }
            }
        } catch {
            throw Problem(
                error.status,
                error.code,
                "line \(number): \(error.detail); \(saved) lines before it are saved"
            )
        }
    }

    // MARK: Thoughts

    func thinking(_ home: Home) -> [Route] {
        let path = home.path + "/thinking"
        return [
            Route(
                "GET",
                path,
                Contract(
                    "list\(home.word)Thoughts",
                    "What agents of \(home.owner) wrote down while they thought.",
                    .memory,
                    .may(home.reading),
                    query: [.init("branch", .word(1...200), "Only what led to the end of that branch.")],
                    .ok(
                        .answer(
                            .required("items", .list(.named("Thought"))),
                            .required("branches", .list(.named("Branch")))
                        )
                    )
                )
            ) { call throws(Problem) in
                var arguments = JSONObject()
                arguments["branch"] = call.query("branch").map(JSONValue.string)
                return .json(try await perform("thinking.list", arguments, home, call))
            },
            Route(
                "POST",
                path,
                Contract(
                    "think\(home.word)Thought",
                    "Writes a thought down; with `from` it begins a branch.",
                    .memory,
                    .may(.callTools),
                    body: .json(
                        .object(
                            .required("text", .text(1...NoteLimits.thought)),
                            .optional("type", .choice(ThoughtRow.Kind.self), "`hypothesis` by default."),
                            .optional("confidence", Shape(["type": "number", "minimum": 0, "maximum": 1])),
                            .optional("style", .text(1...200)),
                            .optional("steps", .list(.text, 0...50)),
                            .optional(
                                "branch",
                                .text(1...200),
                                "The one that goes on, `main` by default; with `from` a new one."
                            ),
                            .optional("from", .integer(1...1_000_000)),
                            .optional("about", .integer(1...1_000_000))
                        )
                    ),
                    .ok(.named("Thought")),
                    .problem(409, "There is a branch of that name.")
                ).checkingFurther()
            ) { call throws(Problem) in
                .json(try await perform("thinking.think", call.fields.object, home, call))
            },
        ]
    }
}
