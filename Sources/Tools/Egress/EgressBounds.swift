// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP

/// What profiles permit calls to connect to; all of them have to permit it, besides the settings and the call itself.
public struct EgressBounds: Sendable {
    private var lists: [(profile: String, rules: EgressRules)] = []

    /// No bounds.
    public init() {}

    /// No profile says anything.
    var isEmpty: Bool { lists.isEmpty }

    mutating func add(_ rules: EgressRules, of profile: String) {
        lists.append((profile, rules))
    }

    /// The rule that forbids a request; `nil` when there is none.
    ///
    /// - Parameter method: `CONNECT` for a tunnel.
    func refusal(of url: HTTPURL, method: String) -> String? {
        for (profile, rules) in lists {
            if let rule = rules.refusal(host: url.host, port: url.port, method: method) {
                return "profile \(profile): \(rule)"
            }
        }
        return nil
    }
}
