// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Definition
internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import MCP
internal import Model
internal import Store

/// The Model Context Protocol over HTTP (spec 10.5), in both eras: a call of a tool is a request to the API with the
/// credentials of the client.
struct MCPRoutes: Sendable {
    let service: Service
    let settings: APISettings
    private let server: ServerProtocol

    init(service: Service, settings: APISettings) {
        (self.service, self.settings) = (service, settings)
        server = ServerProtocol(
            version: service.version,
            instructions:
                "Baton runs workflows durably. `run_start` begins a run, `run_status` tells how it is, and `run_explain` "
                + "what it waits for; `inbox_list` shows what runs ask people."
        )
    }

    private static let callers = Contract.Audience.mayAny([.readRuns, .callTools, .leaseTasks])

    var routes: [Route] { [message, end] }

    private var message: Route {
        let contract = Contract(
            "sendMCPMessage",
            "A message of the Model Context Protocol (JSON-RPC 2.0), with or without a session.",
            .tools,
            Self.callers,
            body: .bytes,
            .ok(.any, "The answer; what a tool says of its failure is one too."),
            Contract.Answer(202, "It was taken and has no answer.", nil),
            Contract.Answer(400, "It is no message, or not as the protocol wants it.", .any),
            Contract.Answer(404, "There is no such session (begin a new one), or no such method.", .any),
            .problem(403, "It comes from a page of somebody else.")
        ).checkingFurther()
        return Route("POST", "/mcp", contract) { call throws(Problem) in
            try checkOrigin(call)
            let bytes = try await body(call)
            let (sessions, client) = (settings.exposure.sessions, client(call))
            let request = call.request
            let envelope = ServerProtocol.Envelope(
                header: { request.header($0) },
                session: { sessions.version(of: $0, for: client) }
            )
            switch server.take(bytes, envelope) {
            case .accept: return HTTPResponse(status: 202)
            case .unknownSession: throw Self.unknownSession
            case .answer(let message, let status, let session):
                var response = HTTPResponse.json(message.json, status: status)
                if let session { response.headers["mcp-session-id"] = sessions.make(session, for: client) }
                return response
            case .listTools(let reply):
                let tools = try await tools(call)
                let shown = isCompact(tools) ? CompactTools.list : tools.map(\.json)
                return .json(reply.tools(shown).json)
            case .callTool(let reply, let name, let arguments):
                return .json(try await answer(reply, name, arguments, call).json)
            }
        }
    }

    private var end: Route {
        let contract = Contract(
            "endMCPSession",
            "Says that a session is not needed any more. Nothing is kept of sessions, so that there is nothing to remove.",
            .tools,
            Self.callers,
            .nothing,
            .problem(403, "It comes from a page of somebody else.")
        )
        return Route("DELETE", "/mcp", contract) { call throws(Problem) in
            try checkOrigin(call)
            guard let session = call.request.header("mcp-session-id"),
                settings.exposure.sessions.version(of: session, for: client(call)) != nil
            else { throw Self.unknownSession }
            return HTTPResponse(status: 204)
        }
    }

    private static let unknownSession = Problem(404, "not_found", "there is no such session; `initialize` begins one")

    private func client(_ call: APICall) -> String { "\(call.caller.tenant)/\(call.actor)" }

    /// A page of somebody else must not use what the browser can reach (DNS rebinding).
    private func checkOrigin(_ call: APICall) throws(Problem) {
        guard let origin = call.request.header("origin") else { return }
        guard
            SameOrigin(publicURL: settings.publicURL).isOwn(origin, of: call.request)
                || CrossOrigin(origins: settings.origins).isAllowed(call.request)
        else { throw Problem(403, "permission.denied", "pages of `\(origin.prefix(200))` may not call this server") }
    }

    private func body(_ call: APICall) async throws(Problem) -> [UInt8] {
        do throws(HTTPStreamError) {
            return try await call.request.body.collect(limit: settings.bodyLimit)
        } catch {
            guard error.code == .tooLarge else { throw Problem(400, "validation.failed", error.message) }
            throw Problem(413, "too_large", "the body has more than \(settings.bodyLimit) bytes")
        }
    }

    // MARK: Tools

    private func isCompact(_ tools: [ServedTool]) -> Bool { tools.count > settings.exposure.compactAbove }

    /// All that the caller is offered, by name.
    private func tools(_ call: APICall) async throws(Problem) -> [ServedTool] {
        let exposure = settings.exposure
        var all = ServedTool.operations.filter { !exposure.blocks($0.name) }
        for tool in settings.tools() {
            guard let name = tool["name"]?.stringValue, ServedTool.isName(name), exposure.offers(name) else { continue }
            let description = tool["description"]?.stringValue ?? ""
            let schema = tool["input_schema"] ?? ["type": "object"]
            all.append(.called(name, description, schema, isRead: tool["effects"] == "read"))
        }
        if exposure.mayOffer(prefix: "work") { all += try await published(call) }
        return all.sorted { $0.name < $1.name }
    }

    private func published(_ call: APICall) async throws(Problem) -> [ServedTool] {
        let (owner, exposure, workflows) = (call.catalogOwner, settings.exposure, service.workflows)
        return try await service.definitions { catalog throws(CatalogError) in
            let names = try catalog.definitions(owner: owner) + catalog.definitions(owner: ArtifactRow.sharedOwner)
            var seen: Set<String> = []
            return names.compactMap { definition in
                let name = "\(definition.kind)_\(definition.name)"
                guard ServedTool.isName(name), exposure.offers(name), seen.insert(name).inserted,
                    // What does not compile here cannot be run, and is not offered.
                    let found = try? workflows.workflow(definition.name, of: owner)
                else { return nil }
                return .called(
                    name,
                    found.graph.summary
                        ?? "Runs the \(definition.kind) `\(definition.name)` and waits for what it gives.",
                    found.graph.inputsSchema,
                    isRead: false
                )
            }
        }
    }

    private func answer(
        _ reply: ServerReply,
        _ name: String,
        _ arguments: JSONObject,
        _ call: APICall
    ) async throws(Problem) -> RPCMessage {
        let tools = try await tools(call)
        if isCompact(tools) {
            switch CompactTools.call(name, arguments, tools) {
            case .answer(let value): return reply.output(value, isError: false)
            case .refuse(let why): return reply.output(.string(why), isError: true)
            case .execute(let tool, let inner): return try await carryOut(tool, inner, reply, call)
            case nil: break
            }
        } else if let tool = tools.first(where: { $0.name == name }) {
            return try await carryOut(tool, arguments, reply, call)
        }
        return reply.error(-32602, "there is no tool `\(name.prefix(128))`")
    }

    private func carryOut(
        _ tool: ServedTool,
        _ arguments: JSONObject,
        _ reply: ServerReply,
        _ call: APICall
    ) async throws(Problem) -> RPCMessage {
        if let why = Self.violation(arguments, tool.inputSchema) { return reply.output(.string(why), isError: true) }
        let request = tool.request(arguments)
        var headers: HTTPHeaders = ["content-type": request.type]
        for name in ["authorization", "cookie", "origin", "sec-fetch-site", "host", "idempotency-key"] {
            for value in call.request.headers.values(name) { headers.add(name, value) }
        }
        if request.method != "POST" { headers["idempotency-key"] = nil }
        if let patience = request.patience { headers["prefer"] = "wait=\(patience)" }
        let response = await InProcessServer(compresses: false, handler: call.dispatch)
            .send(request.method, request.path, headers: headers, body: request.body)
        let bytes: [UInt8]
        do throws(HTTPStreamError) {
            bytes = try await response.body.collect(limit: APICall.defaultBodyLimit)
        } catch {
            return reply.output("too_large: the answer has more than \(APICall.defaultBodyLimit) bytes", isError: true)
        }
        let value = (try? JSONValue(parsing: bytes)) ?? .null
        guard (200..<300).contains(response.status) else {
            let (code, detail) = (value["code"]?.stringValue ?? "", value["detail"]?.stringValue ?? "")
            let places = (value["errors"]?.arrayValue ?? []).prefix(10).map {
                "\n\($0["path"]?.stringValue ?? ""): \($0["message"]?.stringValue ?? "")"
            }
            return reply.output(.string("\(code): \(detail)\(places.joined())"), isError: true)
        }
        guard request.isExecution else { return reply.output(value, isError: false) }
        guard value["success"] == true else { return reply.output(value["error"] ?? value, isError: true) }
        return reply.output(value["content"] ?? .null, isError: false)
    }

    private static func violation(_ arguments: JSONObject, _ schema: JSONValue) -> String? {
        guard let violations = try? JSONSchema(schema).validate(.object(arguments)), !violations.isEmpty else {
            return nil
        }
        let places = violations.prefix(10).map { "\n\($0.instancePointer): \($0.message)" }
        return "the arguments do not fit the tool" + places.joined()
    }
}

extension Graph {
    /// The JSON Schema of all inputs together.
    fileprivate var inputsSchema: JSONValue {
        var properties = JSONObject()
        for input in inputs { properties[input.name] = input.schema }
        let required = inputs.filter { $0.defaultValue == nil }.map { JSONValue.string($0.name) }
        return [
            "type": "object", "properties": .object(properties), "required": .array(required),
            "additionalProperties": false,
        ]
    }
}
