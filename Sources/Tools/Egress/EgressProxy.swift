// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
public import HTTP
import Reactor
import Synchronization

/// The only way out of a sandbox: a proxy for HTTP that lets through what a list names, to addresses that were checked.
///
/// It answers on a port of its own inside; programs find it by the variables that name proxies.
public final class EgressProxy: Sendable {
    /// A request that was not let through.
    public struct Refusal: Sendable, Hashable {
        /// What was asked for.
        public let host: String
        /// What was asked for.
        public let port: Int
        /// `CONNECT` for a tunnel.
        public let method: String
        /// What forbids it.
        public let rule: String
    }

    private struct State {
        var refusals: [Refusal] = []
        var refusalCount = 0
        var connections: [ObjectIdentifier: EgressConnection] = [:]
        var listener: EgressListener?
        var isClosed = false
    }

    /// Kept for the log of a call.
    private static let refusalLimit = 100
    /// Connections of one program at a time.
    static let connectionLimit = 64
    /// One thread for all proxies of the process; `nil` when there are no descriptors left.
    private static let loop: EventLoop? = try? EventLoop(named: "egress")

    let rules: EgressRules
    let bounds: EgressBounds
    let policy: AddressPolicy
    let resolver: any HostResolver
    private let state = Mutex(State())

    /// A proxy for one run of a program.
    ///
    /// - Parameters:
    ///   - bounds: What profiles permit.
    ///   - policy: What the settings permit.
    public init(
        _ rules: EgressRules,
        bounds: EgressBounds = EgressBounds(),
        policy: AddressPolicy,
        resolver: any HostResolver = SystemResolver()
    ) {
        (self.rules, self.bounds, self.policy, self.resolver) = (rules, bounds, policy, resolver)
    }

    /// What was not let through, the first hundred.
    public var refusals: [Refusal] { state.withLock(\.refusals) }

    /// One line for each refusal, for people; empty when there was none.
    public var log: [String] {
        let (kept, count) = state.withLock { ($0.refusals, $0.refusalCount) }
        let lines = kept.map { "refused: \($0.method) \($0.host):\($0.port): \($0.rule)" }
        return count > kept.count ? lines + ["refused: \(count - kept.count) more"] : lines
    }

    /// Where it is inside.
    static let port: UInt16 = 7424

    /// Makes a confined program find it; its own variables win.
    public func serve(_ program: inout Program) {
        program.ports.append(SandboxPort(Self.port) { [self] in serve($0) })
        program.environment.merge(Self.environment) { own, _ in own }
    }

    /// What programs look at.
    static var environment: [String: String] {
        let address = "http://127.0.0.1:\(port)"
        var values = ["NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"]
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            values[name] = address
            values[name.lowercased()] = address
        }
        return values
    }

    /// Takes a listening socket over.
    func serve(_ descriptor: Int32) {
        guard let loop = Self.loop, let socket = try? ListeningSocket.adopting(descriptor) else {
            Glibc.close(descriptor)
            return
        }
        loop.execute { [self] in
            let listener = EgressListener(socket, loop, self)
            let isOpen = state.withLock { state in
                if !state.isClosed { state.listener = listener }
                return !state.isClosed
            }
            if isOpen { listener.start() } else { socket.close() }
        }
    }

    /// Ends everything, as the program has ended.
    public func close() {
        let (listener, connections) = state.withLock { state in
            state.isClosed = true
            defer { (state.listener, state.connections) = (nil, [:]) }
            return (state.listener, Array(state.connections.values))
        }
        Self.loop?.execute {
            listener?.stop()
            for connection in connections { connection.close() }
        }
    }

    // MARK: For connections

    func add(_ connection: EgressConnection) -> Bool {
        state.withLock { state in
            guard !state.isClosed, state.connections.count < Self.connectionLimit else { return false }
            state.connections[ObjectIdentifier(connection)] = connection
            return true
        }
    }

    func remove(_ connection: EgressConnection) {
        state.withLock { $0.connections[ObjectIdentifier(connection)] = nil }
    }

    func refuse(_ head: EgressHead, _ rule: String) {
        state.withLock { state in
            state.refusalCount += 1
            guard state.refusals.count < Self.refusalLimit else { return }
            state.refusals.append(
                Refusal(host: head.url.host, port: head.url.port, method: head.method, rule: rule)
            )
        }
    }

    /// The addresses that a request may go to, or the rule that forbids it. All addresses of a name have to be permitted.
    func check(_ head: EgressHead) async -> Result<[IPAddress], Forbidden> {
        let (url, method) = (head.url, head.method)
        if let rule = rules.refusal(host: url.host, port: url.port, method: method) { return .failure(Forbidden(rule)) }
        if let rule = bounds.refusal(of: url, method: method) ?? policy.refusal(of: url) {
            return .failure(Forbidden(rule))
        }
        if let address = url.address { return .success([address]) }
        let addresses = (try? await resolver.addresses(of: url.host)) ?? []
        guard !addresses.isEmpty else {
            return .failure(Forbidden("the name \(url.host) has no address", status: 502))
        }
        for address in addresses {
            if let rule = policy.refusal(of: address, for: url) { return .failure(Forbidden(rule)) }
        }
        return .success(addresses)
    }

    struct Forbidden: Error {
        let rule: String
        let status: Int

        init(_ rule: String, status: Int = 403) { (self.rule, self.status) = (rule, status) }
    }
}

/// Takes the connections of a program. Confined to the thread of the loop.
final class EgressListener: EventHandler, @unchecked Sendable {
    // All variables are touched on the thread of `loop` only.

    private let socket: ListeningSocket
    private let loop: EventLoop
    private let proxy: EgressProxy
    private var isOpen = false

    init(_ socket: ListeningSocket, _ loop: EventLoop, _ proxy: EgressProxy) {
        (self.socket, self.loop, self.proxy) = (socket, loop, proxy)
    }

    func start() {
        do {
            try loop.add(socket.descriptor, for: .readable, self)
            isOpen = true
        } catch {
            socket.close()
        }
    }

    func stop() {
        guard isOpen else { return }
        isOpen = false
        loop.remove(socket.descriptor)
        socket.close()
    }

    func ready(for events: Readiness) {
        while isOpen, let taken = try? socket.accept() {
            let connection = EgressConnection(taken.descriptor, loop, proxy)
            if proxy.add(connection) { connection.start() } else { close(taken.descriptor) }
        }
    }
}
