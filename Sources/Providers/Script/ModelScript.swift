// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// What the scripted provider and the mock server answer (spec 8.5): the first rule that matches a call answers it.
///
/// ```yaml
/// rules:
///   - match: {agent: analyst, contains: "find", nth: 1}
///     reply: {text: "I look.", tool_calls: [{name: search, arguments: {q: baton}}]}
///   - match: {nth: 2}
///     error: {status: 429, retry_after: 2s}
///   - reply: {data: {ok: true}}
///     usage: {input: 100, output: 20}
/// ```
public struct ModelScript: Sendable, Hashable {
    /// In order.
    public var rules: [Rule]

    /// A script; without rules everything is echoed.
    public init(rules: [Rule] = []) {
        self.rules = rules
    }

    /// Answers the calls it matches.
    public struct Rule: Sendable, Hashable {
        /// Which calls.
        public var match = Match()
        /// What is answered.
        public var reply = Reply()
        /// Fails instead of answering.
        public var fault: Fault?
        /// Waits before anything else.
        public var delay: Duration = .zero
        /// What the call took; by default a quarter of the bytes.
        public var usage: ModelUsage?
        /// In how many pieces each part comes.
        public var chunks = 1
        /// The answer breaks off after that many bytes: of what goes over the wire, and of the texts when nothing does.
        public var cutAt: Int?

        /// A rule that answers every call with nothing.
        public init() {}
    }

    /// Which calls a rule answers; what is not said fits all.
    public struct Match: Sendable, Hashable {
        /// The name of the agent.
        public var agent: String?
        /// The id of the node.
        public var node: String?
        /// The newest message has this text, in its words or in results of tools.
        public var contains: String?
        /// The number of the call, from 1: within its task when the caller counts (``ModelCallOrigin/call``), else among
        /// the calls of the same agent and node.
        public var nth: Int?

        /// Fits all calls.
        public init() {}
    }

    /// What a rule answers.
    public struct Reply: Sendable, Hashable {
        /// Thinking that comes first.
        public var thinking: String?
        /// Words.
        public var text: String?
        /// Calls of tools, after the words.
        public var toolCalls: [Call] = []
        /// Why the model stops; by default `tools` when there are calls, else `end`.
        public var stop: StopReason?

        /// Answers nothing.
        public init() {}
    }

    /// A call that a rule asks for.
    public struct Call: Sendable, Hashable {
        /// Made from the request when it is missing.
        public var id: String?
        /// The tool.
        public var name: String
        /// An object.
        public var arguments: JSONValue

        /// A call.
        public init(id: String? = nil, name: String, arguments: JSONValue = [:]) {
            self.id = id
            self.name = name
            self.arguments = arguments
        }
    }

    /// How a provider refuses.
    public struct Fault: Sendable, Hashable {
        /// 400–599.
        public var status: Int
        /// Sent as `retry-after-ms`.
        public var retryAfter: Duration?
        /// By default that of the status.
        public var kind: String?
        /// By default that of the status.
        public var message: String?

        /// A refusal.
        public init(status: Int, retryAfter: Duration? = nil, kind: String? = nil, message: String? = nil) {
            self.status = status
            self.retryAfter = retryAfter
            self.kind = kind
            self.message = message
        }
    }
}

/// What is wrong with a script.
public struct ModelScriptError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Each with file, line and column, in order; at least one.
    public let lines: [String]

    /// For people.
    public var description: String { lines.joined(separator: "\n") }
}
