// Baton
// SPDX-License-Identifier: Apache-2.0

import Threads

/// Sends requests to the addresses an ``AddressPolicy`` permits (spec 11.5).
///
/// Names are resolved here, every address of a name is checked, and the connection goes to a checked one. Redirects
/// are followed here too, so each of them is checked the same way. HTTP/1.1 only, without proxies and cookies.
public final class HTTPClient: Sendable {
    /// Where requests may go.
    public let policy: AddressPolicy
    private let resolver: any HostResolver
    private let driver = CurlDriver()

    /// A client with a thread and a connection cache of its own.
    public init(policy: AddressPolicy = AddressPolicy(), resolver: any HostResolver = SystemResolver()) {
        self.policy = policy
        self.resolver = resolver
    }

    deinit {
        driver.stop()
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// - Throws: ``HTTPClientError``; `cancelled` when the task is cancelled.
    public func send(_ request: HTTPRequest) async throws(HTTPClientError) -> HTTPResponse {
        let clock = ContinuousClock()
        let start = clock.now
        let deadline = start + request.timeout
        var request = request
        var url = try Self.read(request.url)
        var redirects = 0
        while true {
            let received = try await exchange(request, url, deadline: deadline, hasRedirected: redirects > 0)
            guard redirects < request.redirectLimit, let next = try Self.redirect(received, from: url) else {
                return HTTPResponse(
                    status: received.status,
                    headers: received.headers,
                    body: received.body,
                    url: url.description,
                    duration: clock.now - start
                )
            }
            redirects += 1
            request.follow(status: received.status, isSameOrigin: next.hasSameOrigin(as: url))
            url = next
        }
    }

    /// Sends a request and gives the answer as soon as its head is there; the body comes while it is read.
    ///
    /// Redirects are not followed and nothing is decompressed. A reader that is behind holds the sender back.
    ///
    /// - Parameter silence: The stream fails with `timeout` when nothing came for that long; at least a second. The time
    ///   limit of the request only holds for finding the address, its byte limit not at all.
    /// - Throws: ``HTTPClientError``; `cancelled` when the task is cancelled.
    public func stream(_ request: HTTPRequest, silence: Duration) async throws(HTTPClientError) -> HTTPStream {
        let url = try Self.read(request.url)
        if let defect = request.defect { throw HTTPClientError(.invalid, defect) }
        let addresses = try await checkedAddresses(of: url, request, deadline: .now + request.timeout)
        let pipe = BodyPipe()
        let transfer = Transfer(
            .init(request: request, url: url, addresses: addresses, timeout: silence),
            pipe: pipe
        )
        driver.start(transfer)
        let driver = driver
        let head = await withTaskCancellationHandler {
            await pipe.head()
        } onCancel: {
            driver.cancel(transfer)
        }
        return HTTPStream(try head.get(), pipe: pipe, transfer: transfer, client: self, driver: driver)
    }

    private func exchange(
        _ request: HTTPRequest,
        _ url: HTTPURL,
        deadline: ContinuousClock.Instant,
        hasRedirected: Bool
    ) async throws(HTTPClientError) -> Transfer.Received {
        do throws(HTTPClientError) {
            if let defect = request.defect { throw HTTPClientError(.invalid, defect) }
            let addresses = try await checkedAddresses(of: url, request, deadline: deadline)
            let left = deadline - ContinuousClock.now
            guard left > .zero else { throw HTTPClientError(.timeout, "the time was up before the connection") }
            return try await transfer(.init(request: request, url: url, addresses: addresses, timeout: left))
        } catch {
            var error = error
            // The first server has seen the request, whatever became of the redirect.
            if hasRedirected { error.mayHaveLeft = true }
            throw error
        }
    }

    private func transfer(_ input: Transfer.Input) async throws(HTTPClientError) -> Transfer.Received {
        let transfer = Transfer(input)
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard transfer.answer.wait(continuation) else { return }
                driver.start(transfer)
            }
        } onCancel: {
            driver.cancel(transfer)
        }
        switch outcome {
        case .success(let result): return try result.get()
        case .failure: throw HTTPClientError(.cancelled, "the request was cancelled")
        }
    }

    private func checkedAddresses(
        of url: HTTPURL,
        _ request: HTTPRequest,
        deadline: ContinuousClock.Instant
    ) async throws(HTTPClientError) -> [IPAddress] {
        if let rule = policy.refusal(of: url) ?? request.refusal?(url, request.method) {
            throw HTTPClientError(.blocked, "\(url.authority): \(rule)")
        }
        if let address = url.address { return [address] }
        let addresses = try await resolve(url.host, deadline: deadline)
        guard !addresses.isEmpty else { throw HTTPClientError(.unresolved, "the name \(url.host) has no address") }
        for address in addresses {
            guard let rule = policy.refusal(of: address, for: url) else { continue }
            throw HTTPClientError(.blocked, "\(url.authority): \(rule)")
        }
        return addresses
    }

    /// A resolver that hangs is left behind when the time is up.
    private func resolve(_ host: String, deadline: ContinuousClock.Instant) async throws(HTTPClientError) -> [IPAddress]
    {
        let resolver = resolver
        let found: [IPAddress]? = await withTaskGroup(of: [IPAddress]?.self) { group in
            group.addTask { try? await resolver.addresses(of: host) }
            group.addTask {
                try? await ContinuousClock().sleep(until: deadline)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        if let found { return found }
        if Task.isCancelled { throw HTTPClientError(.cancelled, "the request was cancelled") }
        throw HTTPClientError(.timeout, "the name \(host) was not resolved in time")
    }

    private static func read(_ text: String) throws(HTTPClientError) -> HTTPURL {
        do {
            return try HTTPURL(text)
        } catch {
            throw HTTPClientError(.blocked, "\(error.rule): \(error.message)")
        }
    }

    private static func redirect(_ received: Transfer.Received, from url: HTTPURL) throws(HTTPClientError) -> HTTPURL? {
        guard [301, 302, 303, 307, 308].contains(received.status),
            let location = received.headers.first(where: { $0.name == "location" })?.value
        else { return nil }
        do {
            return try url.resolving(location)
        } catch {
            throw HTTPClientError(
                .blocked,
                "redirect from \(url.authority): \(error.rule): \(error.message)",
                mayHaveLeft: true
            )
        }
    }
}

extension HTTPRequest {
    /// Changes the request for the next hop (RFC 9110, section 15.4).
    mutating func follow(status: Int, isSameOrigin: Bool) {
        let becomesGet = status == 303 ? method != "HEAD" : (status == 301 || status == 302) && method == "POST"
        if becomesGet {
            method = "GET"
            body = nil
            headers.removeAll { $0.name.lowercased().hasPrefix("content-") }
        }
        if !isSameOrigin { headers = headers.filter { !isCredential($0.name) } }
    }

    /// Headers that may hold a secret by the sound of their names.
    private func isCredential(_ name: String) -> Bool {
        let lowered = name.lowercased()
        if credentialHeaders.contains(lowered) { return true }
        guard lowered != "idempotency-key" else { return false }
        return ["auth", "cookie", "token", "key", "secret", "signature", "session", "password"].contains {
            lowered.contains($0)
        }
    }
}
