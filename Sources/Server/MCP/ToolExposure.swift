// Baton
// SPDX-License-Identifier: Apache-2.0

public import MCP

/// What clients of the Model Context Protocol are offered besides the operations of Baton (spec 10.5).
public struct ToolExposure: Sendable {
    /// Names of tools, `workflow_X` and `workstack_X`; `*` stands for any letters.
    public var expose: [String] = []
    /// What is not offered, whatever `expose` says; operations too.
    public var block: [String] = []
    /// With more tools than that, four that find and call the others take their place.
    public var compactAbove = 20
    /// Names sessions.
    public var sessions = SessionTokens()

    /// Nothing but operations.
    public init() {}

    /// Whether a tool, workflow or workstack is offered.
    func offers(_ name: String) -> Bool { Self.isAmong(expose, name) && !blocks(name) }

    /// Whether something is never offered.
    func blocks(_ name: String) -> Bool { Self.isAmong(block, name) }

    /// Whether anything that begins so may be offered.
    func mayOffer(prefix: String) -> Bool {
        expose.contains { pattern in
            let head = pattern.prefix { $0 != "*" }
            return head.hasPrefix(prefix) || (prefix.hasPrefix(head) && head.count < pattern.count)
        }
    }

    static func isAmong(_ patterns: [String], _ name: String) -> Bool { patterns.contains { matches($0, name) } }

    /// Whether a name fits a pattern in which `*` stands for any letters.
    static func matches(_ pattern: String, _ name: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard let first = parts.first, let last = parts.last, parts.count > 1 else { return pattern == name }
        guard name.hasPrefix(first), name.utf8.count >= first.utf8.count + last.utf8.count, name.hasSuffix(last) else {
            return false
        }
        var rest = name.dropFirst(first.count).dropLast(last.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let place = rest.firstRange(of: part) else { return false }
            rest = rest[place.upperBound...]
        }
        return true
    }
}
