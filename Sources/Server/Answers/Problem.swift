// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Definition
internal import Engine
public import HTTPServer
internal import Identity
internal import JSON
internal import RateLimits
internal import Secrets
public import Store

/// Why a request was refused (RFC 9457), with the stable codes of spec 10.8.
public struct Problem: Error, Sendable, Equatable {
    /// What is wrong with one part of the request.
    public struct Item: Sendable, Equatable {
        /// JSON Pointer into the body, or the name of a query item or header.
        public let path: String
        /// A stable spelling.
        public let code: String
        /// One sentence.
        public let message: String
    }

    /// The HTTP status.
    public let status: Int
    /// A stable spelling.
    public let code: String
    /// One sentence with the names involved and no secrets.
    public let detail: String
    /// What is wrong where.
    public var items: [Item] = []
    /// Headers that clients need to go on.
    public var headers = HTTPHeaders()
    /// More members of the answer.
    var members: JSONObject = [:]

    /// Puts a problem together.
    public init(_ status: Int, _ code: String, _ detail: String, items: [Item] = []) {
        (self.status, self.code, self.detail, self.items) = (status, code, detail, items)
    }

    /// 404 for something that is not there, or not for the caller.
    static func notFound(_ what: String) -> Self { Self(404, "not_found", "there is no \(what)") }

    /// 503 while the server stops.
    static var draining: Self {
        var problem = Self(503, "draining", "the server stops; another one, or this one soon, takes the request")
        problem.headers["retry-after"] = "5"
        return problem
    }

    /// 422 for one part of the request.
    static func invalid(_ path: String, _ message: String) -> Self {
        let item = Item(path: path, code: "validation.failed", message: message)
        return Self(422, "validation.failed", path.isEmpty ? message : "`\(path)`: \(message)", items: [item])
    }

    /// The engine's refusal.
    init(_ error: EngineError) {
        let status = error.code.status
        let items = error.violations.map { Item(path: $0.pointer, code: "validation.failed", message: $0.message) }
        self.init(status, error.code.rawValue, error.message, items: items)
        if status == 503 { headers["retry-after"] = "1" }
    }

    /// The catalogue's refusal.
    init(_ error: CatalogError) {
        if let storage = error.storage {
            self.init(storage)
            return
        }
        let status =
            switch error.code {
            case .notFound: 404
            case .tagMoved: 412
            case .conflict: 409
            case .definitionInvalid, .patchInvalid, .invalid: 422
            case .storage: 503
            }
        let items = error.diagnostics.map { Item(path: $0.path, code: "\($0.code)", message: $0.message) }
        self.init(status, error.code.rawValue, error.message, items: items)
    }

    /// What says who the caller is does not do.
    init(_ error: IdentityError) {
        if let storage = error.storage, error.code == .storage {
            self.init(storage)
            return
        }
        let status =
            switch error.code {
            case .required: 401
            case .locked: 423
            case .denied: 403
            case .notFound: 404
            case .conflict: 409
            case .invalid: 422
            case .storage: 503
            }
        self.init(status, error.code.rawValue, error.message)
        if status == 401 { headers["www-authenticate"] = "Bearer" }
        if let wait = error.retryAfter { headers["retry-after"] = String(max(1, wait.components.seconds)) }
    }

    /// The vault's refusal.
    init(_ error: SecretError) {
        if let storage = error.storage, error.code == .storage {
            self.init(storage)
            return
        }
        let status =
            switch error.code {
            case .notFound: 404
            case .conflict: 409
            case .invalid: 422
            case .sealed, .storage: 503
            }
        self.init(status, error.code.rawValue, error.message)
    }

    /// Too often.
    init(_ answer: RateLimitAnswer) {
        let tier = answer.tier ?? "user"
        self.init(429, "rate.limited", "the limit `\(tier)` of \(answer.limit) a minute is reached")
        members = [
            "tier": .string(tier), "limit": .int(Int64(answer.limit)), "current": .int(Int64(answer.current)),
            "retry_after_seconds": .int(Int64(answer.retryAfterSeconds)),
        ]
        headers["retry-after"] = String(answer.retryAfterSeconds)
    }

    /// The store's refusal.
    public init(_ error: StoreError) {
        switch error.code {
        case .full: self.init(507, "storage.full", error.message)
        case .corrupted, .missing: self.init(500, "internal", error.message)
        case .locked, .newer, .conflict, .failed:
            self.init(503, "store.unavailable", error.message)
            headers["retry-after"] = "1"
        }
    }

    /// The same for clients of models, which look for `error` as providers have it.
    var forModels: Problem {
        var problem = self
        let kind =
            switch status {
            case 401: "authentication_error"
            case 403: "permission_error"
            case 404: "not_found_error"
            case 429: "rate_limit_error"
            case 500...: "api_error"
            default: "invalid_request_error"
            }
        problem.members["error"] = ["type": .string(kind), "message": .string(detail)]
        return problem
    }

    /// The answer for it.
    func response(requestID: String) -> HTTPResponse {
        var body: JSONObject = [
            "type": "about:blank", "title": .string(HTTPResponse.reason(of: status)), "status": .int(Int64(status)),
            "detail": .string(detail), "code": .string(code), "request_id": .string(requestID),
        ]
        for member in members { body[member.key] = member.value }
        if !items.isEmpty {
            body["errors"] = .array(
                items.map { ["path": .string($0.path), "code": .string($0.code), "message": .string($0.message)] }
            )
        }
        let bytes = JSONValue.object(body).bytes()
        return .bytes(bytes, type: "application/problem+json", status: status, headers: headers)
    }
}

/// An error of a module that has an answer over HTTP.
protocol ProblemSource: Error {
    var problem: Problem { get }
}

extension EngineError: ProblemSource { var problem: Problem { Problem(self) } }
extension CatalogError: ProblemSource { var problem: Problem { Problem(self) } }
extension IdentityError: ProblemSource { var problem: Problem { Problem(self) } }
extension SecretError: ProblemSource { var problem: Problem { Problem(self) } }
extension StoreError: ProblemSource { var problem: Problem { Problem(self) } }
extension Problem: ProblemSource { var problem: Problem { self } }
