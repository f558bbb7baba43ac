// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTP
internal import HTTPServer
internal import Reactor

/// Where a request came from, with proxies in between (`server.trusted_proxies`).
enum ClientAddress {
    /// The address of the client in text; `nil` for a Unix socket.
    ///
    /// Each proxy adds whom it heard at the end of `X-Forwarded-For`. So the list counts from its end, and only as long as
    /// who wrote the entry is trusted: what a client put there itself is never reached.
    static func of(_ request: HTTPServer.HTTPRequest, trusting proxies: [IPNetwork]) -> String? {
        guard let peer = request.remoteAddress.host else { return nil }
        guard !proxies.isEmpty else { return peer }
        return of(peer, forwarded: request.headers.list("x-forwarded-for"), trusting: proxies)
    }

    static func of(_ peer: String, forwarded: [Substring], trusting proxies: [IPNetwork]) -> String {
        var client = peer
        for entry in forwarded.reversed() {
            guard let address = IPAddress(client), proxies.contains(where: { $0.contains(address) }) else { break }
            // What is no address was not written by a proxy that can be trusted.
            guard let next = text(of: entry) else { break }
            client = next
        }
        return client
    }

    /// An entry without brackets and port, as sockets spell it.
    private static func text(of entry: Substring) -> String? {
        var text = entry
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            text = text[text.index(after: text.startIndex)..<end]
        } else if text.utf8.count(where: { $0 == UInt8(ascii: ":") }) == 1, let colon = text.firstIndex(of: ":") {
            text = text[..<colon]
        }
        return IPAddress(String(text)).map { "\($0)" }
    }
}
