// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model

/// A piece of work with a beginning and an end, as OpenTelemetry has it.
public struct Span: Sendable, Equatable {
    /// Names a span within a trace; not 0.
    public typealias ID = UInt64

    /// 128 bits that all spans of one thing share; not 0.
    public struct Trace: Sendable, Hashable, CustomStringConvertible {
        /// The upper half.
        public var high: UInt64
        /// The lower half.
        public var low: UInt64

        /// Puts an id together.
        public init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

        /// 32 hexadecimal digits, as in `traceparent`.
        public var description: String { hexadecimal(high) + hexadecimal(low) }
    }
    /// How it ended.
    public enum Status: Sendable, Equatable {
        /// Nobody says.
        case unset
        /// Well.
        case good
        /// It failed, and why: one sentence without contents.
        case failed(String)
    }
    /// A span of another trace that this one belongs to.
    public struct Link: Sendable, Equatable {
        /// Its trace.
        public var trace: Trace
        /// The span.
        public var span: ID

        /// Points to a span.
        public init(trace: Trace, span: ID) { (self.trace, self.span) = (trace, span) }
    }
    /// The trace.
    public var trace: Trace
    /// The id.
    public var id: ID
    /// The span that it is a part of; `nil` for the first one of a trace.
    public var parent: ID?
    /// What was done; few different ones.
    public var name: String
    /// When it began.
    public var start: Timestamp
    /// When it ended.
    public var end: Timestamp
    /// How.
    public var status: Status
    /// Facts about it: text, numbers, booleans. Other values are written as their JSON text.
    public var attributes: JSONObject
    /// Spans of other traces.
    public var links: [Link]

    /// Puts a span together.
    public init(
        trace: Trace,
        id: ID,
        parent: ID? = nil,
        name: String,
        start: Timestamp,
        end: Timestamp,
        status: Status = .unset,
        attributes: JSONObject = [:],
        links: [Link] = []
    ) {
        (self.trace, self.id, self.parent, self.name) = (trace, id, parent, name)
        (self.start, self.end, self.status) = (start, end, status)
        (self.attributes, self.links) = (attributes, links)
    }
}

/// 16 digits.
func hexadecimal(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
