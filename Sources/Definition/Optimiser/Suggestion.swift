// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model

/// A way to make a workflow better (spec 4.4). Applying it is an ordinary patch of the document.
public struct Suggestion: Sendable, Equatable {
    /// What applying it is expected to save in each run; `nil` where nobody can tell.
    public struct Metrics: Sendable, Equatable {
        /// Time from start to end.
        public var milliseconds: Int?
        /// HTTP requests.
        public var requests: Int?
        /// LLM tokens.
        public var llmTokens: Int?
        /// Money.
        public var usd: Money?

        /// `{ms, requests, llm_tokens, usd}`.
        public var json: JSONValue {
            let number = { (value: Int?) in value.map { JSONValue.int(Int64($0)) } ?? .null }
            return [
                "ms": number(milliseconds), "requests": number(requests), "llm_tokens": number(llmTokens),
                "usd": usd.map { .string($0.text) } ?? .null,
            ]
        }
    }

    /// Unique among the suggestions for one document, and the same for the same document.
    public let id: String
    /// H701 to H708.
    public let code: Diagnostic.Code
    /// A few words.
    public let title: String
    /// What it is about and what it changes.
    public let description: String
    /// Ids, in the order of the document.
    public let affectedNodes: [String]
    /// How much it matters.
    public let severity: Diagnostic.Severity
    /// What it saves.
    public let metrics: Metrics
    /// Nobody can notice that it was applied, except by its savings.
    public let isAutoApplySafe: Bool
    /// RFC 6902 against the document as it was written; empty when there is nothing to apply.
    public let patch: JSONValue

    /// Whether there is something to apply.
    public var isApplicable: Bool { patch.arrayValue.map { !$0.isEmpty } ?? false }

    /// `{id, code, title, description, affected_nodes, severity, metrics, auto_apply_safe, patch}`.
    public var json: JSONValue {
        [
            "id": .string(id), "code": .string(code.rawValue), "title": .string(title),
            "description": .string(description), "affected_nodes": .array(affectedNodes.map(JSONValue.string)),
            "severity": .string(severity.rawValue), "metrics": metrics.json,
            "auto_apply_safe": .bool(isAutoApplySafe), "patch": patch,
        ]
    }
}
