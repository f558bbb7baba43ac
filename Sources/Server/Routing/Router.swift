// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer
internal import Identity
internal import JSON

/// One operation of the API: where it is, what it takes and gives, and what it does.
struct Route: Sendable {
    typealias Action = @Sendable (APICall) async throws(Problem) -> HTTPResponse

    let method: String
    let pattern: RoutePattern
    let contract: Contract
    let action: Action

    init(_ method: String, _ pattern: String, _ contract: Contract, _ action: @escaping Action) {
        self.method = method
        self.pattern = RoutePattern(pattern)
        self.contract = contract
        self.action = action
    }

    /// The headers that the operation looks at.
    var headers: [Contract.Header] {
        contract.headers + (takesKey ? [.idempotencyKey] : [])
    }
}

/// Finds the operation that a request means. Words go before parameters.
struct Router: Sendable {
    /// An operation with its compiled contract. One object, because it is handed around with every request.
    final class Entry: Sendable {
        let route: Route
        let check: RequestCheck
        /// One of these is needed; none for everybody.
        let permissions: [Permission]
        let isProbe: Bool

        init(_ route: Route) throws(JSONSchemaError) {
            self.route = route
            check = try RequestCheck(route)
            permissions = route.contract.audience.permissions
            isProbe = route.contract.area == .probes
        }
    }

    enum Finding {
        case route(Entry, parameters: [String: String])
        /// The path is there, but not with this method.
        case methods([String])
        case nothing
    }

    /// Paths without parameters.
    private let fixed: [String: [Entry]]
    /// The others by number of parts, those with the most words first.
    private let open: [Int: [Entry]]

    /// - Throws: When a contract has a shape that is no schema.
    init(_ routes: [Route]) throws(JSONSchemaError) {
        var entries: [Entry] = []
        for route in routes { entries.append(try Entry(route)) }
        fixed = Dictionary(grouping: entries.filter { $0.route.pattern.parameters.isEmpty }) { $0.route.pattern.text }
        open = Dictionary(grouping: entries.filter { !$0.route.pattern.parameters.isEmpty }) {
            $0.route.pattern.parts.count
        }
        .mapValues { entries in
            entries.sorted { $0.route.pattern.parameters.count < $1.route.pattern.parameters.count }
        }
    }

    /// - Parameters:
    ///   - method: `HEAD` is answered as `GET`; the server leaves the body out.
    ///   - text: The path in one piece, if that is known.
    func find(_ method: String, _ path: [String], text: String? = nil) -> Finding {
        let wanted = method == "HEAD" ? "GET" : method
        var methods: [String] = []
        for entry in fixed[text ?? "/" + path.joined(separator: "/")] ?? [] {
            if entry.route.method == wanted { return .route(entry, parameters: [:]) }
            methods.append(entry.route.method)
        }
        if methods.isEmpty {
            var found: Int?
            for entry in open[path.count] ?? [] {
                let count = entry.route.pattern.parameters.count
                // A word is not the value of a parameter as well, whatever the method.
                if let found, count > found { break }
                guard let parameters = entry.route.pattern.match(path) else { continue }
                found = count
                if entry.route.method == wanted { return .route(entry, parameters: parameters) }
                methods.append(entry.route.method)
            }
        }
        guard !methods.isEmpty else { return .nothing }
        if methods.contains("GET") { methods.append("HEAD") }
        return .methods(Array(Set(methods)).sorted())
    }
}
