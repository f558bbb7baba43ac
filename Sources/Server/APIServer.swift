// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
public import HTTPServer
internal import Hashing
internal import Identity
internal import JSON
internal import Model
internal import Reactor
public import Store
public import Telemetry
internal import Threads

/// The API over HTTP (spec 10).
///
/// Requests are answered on the threads of the connections; what blocks is done elsewhere.
public final class APIServer: Sendable {
    private let router: Router
    private let service: Service
    private let feed: LiveFeed
    private let limits: Limits
    private let settings: APISettings
    private let telemetry: RequestTelemetry
    private let health: HealthMonitor
    private let crossOrigin: CrossOrigin
    private let numbers = RequestNumbers()
    private let webhooks: WebhookSender
    private let kept: KeptResponses
    private let prober: ResourceProber
    private let authentication = (1...2).map { SerialThread(named: "auth-\($0)") }

    /// - Parameters:
    ///   - metrics: Where requests are counted, and what `/metrics` shows.
    ///   - log: Gets a line for each request; without one nothing is written down.
    /// - Throws: `StoreError` when the end of the log cannot be read.
    public init(
        _ service: Service,
        _ settings: APISettings = APISettings(),
        metrics: MetricsRegistry = MetricsRegistry(),
        log: Log? = nil
    ) throws(StoreError) {
        (self.service, self.settings) = (service, settings)
        limits = Limits(settings.rates)
        telemetry = RequestTelemetry(metrics, log)
        crossOrigin = CrossOrigin(origins: settings.origins)
        health = HealthMonitor(service, settings.checks)
        feed = LiveFeed(service, last: try service.store.lastSequence(), telemetry.clients)
        kept = KeptResponses(service.engine)
        webhooks = WebhookSender(service, feed, settings, metrics, log)
        prober = ResourceProber(service, log: log)
        feed.status.watch(health)
        let routes = Self.routes(service, feed, limits, settings, webhooks, prober)
        let document = OpenAPIDocument(
            routes + ProbeRoutes.documented,
            version: service.version,
            url: settings.publicURL ?? "/"
        )
        let probes = ProbeRoutes(
            service: service,
            settings: settings,
            health: health,
            metrics: metrics,
            openAPI: document.json.bytes()
        )
        do throws(JSONSchemaError) {
            router = try Router(routes + probes.routes)
        } catch {
            preconditionFailure("a contract has a shape that is no schema: \(error)")
        }
    }

    /// Every operation but the probes.
    static func routes(
        _ service: Service,
        _ feed: LiveFeed,
        _ limits: Limits,
        _ settings: APISettings = APISettings(),
        _ webhooks: WebhookSender? = nil,
        _ prober: ResourceProber? = nil
    ) -> [Route] {
        let sender = webhooks ?? WebhookSender(service, feed, settings, MetricsRegistry())
        let operations: [Route] =
            AccountRoutes(service: service, publicURL: settings.publicURL).routes + KeyRoutes(service: service).routes
            + UserRoutes(service: service).routes + MemberRoutes(service: service).routes
            + AuditRoutes(service: service).routes + SecretRoutes(service: service).routes
            + DocumentRoutes(service: service, prices: settings.prices).routes
            + WorkflowRoutes(service: service).routes
            + TagRoutes(service: service).routes + StartRoutes(service: service, limits: limits).routes
            + RunRoutes(service: service).routes
            + RunViewRoutes(service: service, prices: settings.prices).routes
            + TaskListRoutes(service: service).routes
            + RunLogRoutes(service: service).routes
            + RunControlRoutes(service: service).routes + TaskRoutes(service: service).routes
            + ClaimRoutes(service: service).routes
            + DerivationRoutes(service: service).routes + PatchRoutes(service: service).routes
            + HumanTaskRoutes(service: service).routes + ScheduleRoutes(service: service).routes
            + PauseRoutes(service: service).routes + SignalRoutes(service: service).routes
            + VersionRoutes(service: service).routes
            + MoneyRoutes(service: service).routes + UsageRoutes(service: service).routes
            + QueueRoutes(service: service).routes + WorkerRoutes(service: service).routes
            + ToolRoutes(
                service: service,
                limits: limits,
                listed: settings.tools,
                agents: settings.agents,
                skills: settings.skills
            ).routes
            + ToolServerRoutes(service: service, access: settings.toolServers).routes
            + MCPRoutes(service: service, settings: settings).routes
            + PatternRoutes(service: service, tools: settings.tools).routes
            + PromptRoutes(service: service, agents: settings.agents).routes
            + NoteRoutes(service: service, agents: settings.agents).routes
            + SessionRoutes(service: service, agents: settings.agents).routes
            + AgentRoutes(agents: settings.agents).routes + SkillRoutes(skills: settings.skills).routes
            + PromptTextRoutes(access: settings.prompts).routes
            + RAGRoutes(service: service).routes + KnowledgeRoutes(service: service).routes
            + ResourceRoutes(service: service, prober: prober ?? ResourceProber(service, log: nil)).routes
            + EventRoutes(service: service, feed: feed, settings: settings).routes
        let others =
            WebhookRoutes(service: service, sender: sender).routes
            + DeadLetterRoutes(service: service, sender: sender).routes
            + HookRoutes(service: service, limits: limits, settings: settings).routes
            + HookCallRoutes(service: service, limits: limits).routes
            + GatewayRoutes(gateway: settings.gateway).routes
        let all =
            operations + others + ContentRoutes(service: service, settings: settings).routes
            + AdministrationRoutes(service: service, settings: settings).routes
            + RunDeletionRoutes(service: service, settings: settings).routes
        return all
            + CompatibilityRoutes(service: service, feed: feed, settings: settings, operations: all).routes
    }

    /// Follows the engine for those who watch and for webhooks, and looks at resources, until the task is cancelled or the
    /// engine stops.
    public func run() async {
        await withTaskGroup { group in
            group.addTask { await self.webhooks.run() }
            group.addTask { await self.prober.run() }
            await feed.run()
            group.cancelAll()
        }
    }

    /// Takes nothing new from now on: every operation but the probes answers 503 `draining`. Those who follow events are
    /// let go when the task of ``run()`` is cancelled.
    public func drain() { health.drain() }

    /// Answers one request.
    @Sendable public func answer(_ request: HTTPRequest) async -> HTTPResponse {
        let (id, start) = (requestID(of: request), ContinuousClock.now)
        var record = RequestRecord(address: ClientAddress.of(request, trusting: settings.trustedProxies))
        var response: HTTPResponse
        do throws(Problem) {
            response =
                if let preflight = crossOrigin.preflight(request) { preflight } else {
                    try await route(request, &record)
                }
        } catch {
            record.problem = error
            let isForModels = record.route.hasPrefix(GatewayRoutes.root)
            response = (isForModels ? error.forModels : error).response(requestID: id)
        }
        crossOrigin.permit(request, &response)
        response.headers["x-request-id"] = id
        let isCached = response.headers["cache-control"] != nil
        response.commonHeaders = isCached ? Self.securityHeaders : Self.usualHeaders
        telemetry.record(request, record, status: response.status, id: id, took: .now - start)
        return response
    }

    private func route(
        _ request: HTTPRequest,
        _ record: inout RequestRecord
    ) async throws(Problem) -> HTTPResponse {
        switch router.find(request.method, request.path, text: request.target.decodedPath) {
        case .nothing:
            throw .notFound("path `\(request.target.rawPath)`")
        case .methods(let methods):
            let allowed = methods.joined(separator: ", ")
            var problem = Problem(
                405,
                "method.not_allowed",
                "`\(request.method)` is no method of this path; it takes \(allowed)"
            )
            problem.headers["allow"] = allowed
            throw problem
        case .route(let entry, let parameters):
            record.route = entry.route.pattern.text
            return try await act(entry, parameters, request, &record)
        }
    }

    private func act(
        _ entry: Router.Entry,
        _ parameters: [String: String],
        _ request: HTTPRequest,
        _ record: inout RequestRecord
    ) async throws(Problem) -> HTTPResponse {
        if !entry.isProbe, health.isDraining { throw .draining }
        let feedToken = entry.route.contract.feedToken
        var (caller, project) = (Principal.nobody, String?.none)
        if !entry.permissions.isEmpty {
            (caller, project) = try await self.caller(of: request, entry.route.contract)
            record.actor = caller.actor
            guard entry.permissions.contains(where: caller.may) else {
                let names = entry.permissions.map { "`\($0.rawValue)`" }.joined(separator: " or ")
                throw Problem(403, "permission.denied", "\(names) is not yours")
            }
        }
        // Whoever watches the server asks as often as he likes: what he asks costs nothing.
        let limit =
            entry.isProbe ? nil : try limits.admit(entry.route.contract.kind, caller, address: record.address)
        try entry.check.checkPath(parameters)
        try entry.check.checkHeaders(of: request)
        try entry.check.checkQuery(
            feedToken == nil ? request.target.query : request.target.query.filter { $0.name != feedToken }
        )
        var (fields, document, bytes) = (Fields([:]), [UInt8](), [UInt8]())
        switch entry.route.contract.body {
        case .none, .bytes: break
        case .json:
            bytes = try await collect(request)
            let value = try entry.check.fields(of: request, bytes)
            fields = Fields(value.objectValue ?? ["value": value])
        case .document:
            try RequestCheck.checkType(of: request, DocumentRoutes.types)
            document = try await collect(request)
            guard !document.isEmpty else {
                throw Problem(422, "validation.failed", "a document is expected as the body")
            }
            bytes = document
        }
        let call = APICall(
            request: request,
            address: record.address,
            parameters: parameters,
            caller: caller,
            feedProject: project,
            fields: fields,
            document: document,
            idempotencyKey: Self.key(of: request, caller, bytes),
            dispatch: answer
        )
        var response = try await kept.answer(call, entry.route)
        for (name, value) in limit?.headers ?? [] { response.headers[name] = value }
        return response
    }

    /// What makes a repeat of a request one.
    private static func key(of request: HTTPRequest, _ caller: Principal, _ body: [UInt8]) -> IdempotencyKey? {
        guard request.method == "POST", let key = request.header("idempotency-key") else { return nil }
        let fingerprint = SHA256.hex(Array("POST \(request.target.raw)\n".utf8) + body)
        return IdempotencyKey(principal: "\(caller.tenant)/\(caller.actor)", key: key, fingerprint: fingerprint)
    }

    private func collect(_ request: HTTPRequest) async throws(Problem) -> [UInt8] {
        do throws(HTTPStreamError) {
            return try await request.body.collect(limit: settings.bodyLimit)
        } catch {
            guard error.code == .tooLarge else { throw Problem(400, "validation.failed", error.message) }
            throw Problem(413, "too_large", "the body has more than \(settings.bodyLimit) bytes")
        }
    }

    /// Who asks, and the only project that the credential shows.
    private func caller(
        of request: HTTPRequest,
        _ contract: Contract
    ) async throws(Problem) -> (principal: Principal, project: String?) {
        let authenticator = service.identity.authenticator
        let words = request.header("authorization")?.split(separator: " ", maxSplits: 1) ?? []
        let token = contract.feedToken.flatMap { request.query($0) }
        if words.isEmpty, let token {
            return try await authenticate { () throws(IdentityError) in
                try authenticator.authenticateFeed(token)
            }
        }
        let credential: String
        if words.isEmpty, contract.takesKeyHeader, let key = request.header("x-api-key") {
            credential = key
        } else if words.isEmpty, let cookie = SessionCookies(request, publicURL: settings.publicURL).access {
            if !["GET", "HEAD"].contains(request.method) {
                try SameOrigin(publicURL: settings.publicURL).check(request)
            }
            credential = cookie
        } else {
            guard words.count == 2, words[0].lowercased() == "bearer" else {
                throw Problem(IdentityError(.required, "The header `Authorization: Bearer TOKEN` is expected."))
            }
            credential = String(words[1])
        }
        if let known = authenticator.recall(credential) { return (known, nil) }
        return (
            try await authenticate { () throws(IdentityError) in try authenticator.authenticate(credential) },
            nil
        )
    }

    private func authenticate<Value: Sendable>(
        _ body: @escaping @Sendable () throws(IdentityError) -> Value
    ) async throws(Problem) -> Value {
        let thread = authentication[Int.random(in: 0..<authentication.count)]
        let result = await thread.run { Result { () throws(IdentityError) in try body() } }
        do throws(IdentityError) {
            return try result.get()
        } catch {
            throw Problem(error)
        }
    }

    /// The client's, if it is a plain one, or a new one.
    private func requestID(of request: HTTPRequest) -> String {
        if let given = request.header("x-request-id"), (1...128).contains(given.utf8.count),
            given.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != 0x22 && $0 != 0x5c })
        {
            return given
        }
        return numbers.next()
    }

    /// Of every answer.
    private static let securityHeaders = CommonHeaders([
        "x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    ])
    /// Of every answer that says nothing of caches itself.
    private static let usualHeaders = CommonHeaders([
        "x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'", "cache-control": "no-store",
    ])
}
