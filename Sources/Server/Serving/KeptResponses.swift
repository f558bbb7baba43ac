// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Synchronization

/// Requests with an `Idempotency-Key` that change something outside of the engine: carried out once, however often they come.
///
/// The engine keeps the answers of what goes to it in the commit of the change. Here the answer is kept right after the
/// change, so a crash in between lets a repeat do it again. Answers that show a secret are not kept: a repeat is told that it
/// was done.
final class KeptResponses: Sendable {
    /// The longest answer that is kept.
    private static let limit = 256 << 10
    private let engine: DurableEngine
    /// What is being carried out.
    private let busy = Mutex<Set<IdempotencyKey>>([])

    init(_ engine: DurableEngine) { self.engine = engine }

    /// Carries a request out, unless its key has an answer.
    func answer(_ call: APICall, _ route: Route) async throws(Problem) -> HTTPResponse {
        guard let key = call.idempotencyKey, route.keepsAnswer else { return try await route.action(call) }
        guard busy.withLock({ $0.insert(key).inserted }) else {
            var problem = Problem(409, "state.conflict", "the request with this key is being carried out")
            problem.headers["retry-after"] = "1"
            throw problem
        }
        defer { busy.withLock { _ = $0.remove(key) } }
        if let known = try await known(key) { return known }
        let response = try await route.action(call)
        try await keep(response, showsSecret: route.contract.showsSecret, key)
        return response
    }

    private func known(_ key: IdempotencyKey) async throws(Problem) -> HTTPResponse? {
        let bytes: [UInt8]?
        do throws(EngineError) {
            bytes = try await engine.keptAnswer(for: key)
        } catch { throw Problem(error) }
        guard let bytes else { return nil }
        guard let json = try? JSONValue(parsing: bytes), let status = json["status"]?.intValue else {
            throw Problem(422, "idempotency.mismatch", "the key was used for another request")
        }
        guard json["is_secret"] != true else {
            throw Problem(
                409,
                "state.conflict",
                "the request with this key was carried out, and its secret was shown then; it is not kept"
            )
        }
        var response = HTTPResponse(status: Int(status))
        for header in json["headers"]?.objectValue ?? [:] { response.headers[header.key] = header.value.stringValue }
        if let body = json["body"]?.stringValue { response.body = .bytes(Array(body.utf8)) }
        return response
    }

    private func keep(_ response: HTTPResponse, showsSecret: Bool, _ key: IdempotencyKey) async throws(Problem) {
        var json: JSONObject = ["status": .int(Int64(response.status))]
        if showsSecret {
            json["is_secret"] = true
        } else {
            var headers = JSONObject()
            for name in ["content-type", "location", "etag"] {
                headers[name] = response.headers[name].map { .string($0) }
            }
            json["headers"] = .object(headers)
            guard case .bytes(let bytes) = response.body else {
                guard case .none = response.body else { return }
                return try await keep(json, key)
            }
            guard bytes.count <= Self.limit else { return }
            json["body"] = .string(String(decoding: bytes, as: UTF8.self))
        }
        try await keep(json, key)
    }

    private func keep(_ json: JSONObject, _ key: IdempotencyKey) async throws(Problem) {
        do throws(EngineError) {
            try await engine.keep(JSONValue.object(json).bytes(), for: key)
        } catch { throw Problem(error) }
    }
}

extension Route {
    /// What the engine is asked for keeps its own answers.
    private static let ofEngine: Set<Contract.Area> = [
        .runs, .tasks, .patches, .humanTasks, .schedules, .signals, .money, .cache, .workers, .resources, .tools,
    ]

    /// It changes something outside of the engine, so its answer is kept here.
    var keepsAnswer: Bool {
        guard method == "POST", !Self.ofEngine.contains(contract.area) else { return false }
        // Bytes are named by their hash, and what only reads may be asked again.
        if case .bytes = contract.body { return false }
        return contract.audience.permissions.contains { !$0.rawValue.hasSuffix(".read") }
    }

    /// Whether a repeat with the same `Idempotency-Key` is known.
    var takesKey: Bool { method == "POST" && (Self.ofEngine.contains(contract.area) || keepsAnswer) }
}
