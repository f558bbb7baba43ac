// Baton
// SPDX-License-Identifier: Apache-2.0

/// A path with places for names: `/v1/runs/{run}/pause`.
struct RoutePattern: Sendable, Hashable {
    enum Part: Sendable, Hashable {
        case text(String)
        case parameter(String)
    }

    let text: String
    let parts: [Part]

    init(_ text: String) {
        self.text = text
        parts = text.split(separator: "/").map { part in
            part.hasPrefix("{") && part.hasSuffix("}")
                ? .parameter(String(part.dropFirst().dropLast())) : .text(String(part))
        }
    }

    /// The names of the places, in order.
    var parameters: [String] {
        parts.compactMap { if case .parameter(let name) = $0 { name } else { nil } }
    }

    /// What the parameters stand for in a path; `nil` when it is another path.
    func match(_ path: [String]) -> [String: String]? {
        guard path.count == parts.count else { return nil }
        var parameters: [String: String] = [:]
        for (part, word) in zip(parts, path) {
            switch part {
            case .text(let text): guard text == word else { return nil }
            case .parameter(let name):
                guard !word.isEmpty else { return nil }
                parameters[name] = word
            }
        }
        return parameters
    }
}
