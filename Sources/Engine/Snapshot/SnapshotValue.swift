// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
internal import Model

/// A value that snapshots hold as JSON.
protocol SnapshotValue: Sendable {
    /// The value as JSON; what is too large for that goes to the encoder.
    func write(to encoder: inout SnapshotEncoder) -> JSONValue
    /// Reads what was written.
    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws
}

extension SnapshotValue where Self: SnapshotFields {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue { writeFields(to: &encoder) }
}

extension SnapshotValue where Self: RawRepresentable, RawValue == String {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue { .string(rawValue) }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        guard let value = json.stringValue.flatMap(Self.init(rawValue:)) else { throw SnapshotError(json) }
        self = value
    }
}

/// A value that snapshots hold as events do.
protocol EventValue: SnapshotValue {
    /// As events have it.
    var json: JSONValue { get }
    /// Reads what events have; `nil` when that is none.
    init?(json: JSONValue?)
}

extension EventValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue { json }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        guard let value = Self(json: json) else { throw SnapshotError(json) }
        self = value
    }
}

extension TaskStatus: SnapshotValue {}
extension RunStatus: SnapshotValue {}
extension WaitReason: SnapshotValue {}
extension SkipReason: SnapshotValue {}
extension Event.ReadyReason: SnapshotValue {}

extension Int: SnapshotValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue { .int(Int64(self)) }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        guard case .int(let value) = json else { throw SnapshotError(json) }
        self.init(value)
    }
}

extension Int64: SnapshotValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue { .int(self) }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        guard case .int(let value) = json else { throw SnapshotError(json) }
        self = value
    }
}

extension Bool: SnapshotValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue { .bool(self) }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        guard case .bool(let value) = json else { throw SnapshotError(json) }
        self = value
    }
}

extension String: SnapshotValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue { .string(self) }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        guard case .string(let value) = json else { throw SnapshotError(json) }
        self = value
    }
}

extension Timestamp: SnapshotValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue { .int(milliseconds) }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init(milliseconds: try Int64(snapshot: json, decoder))
    }
}

extension Identifier: SnapshotValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue { .string(description) }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        guard let value = json.stringValue.flatMap(Self.init(_:)) else { throw SnapshotError(json) }
        self = value
    }
}

extension TaskRef: SnapshotValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue { .int(Int64(number)) }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init(number: try Int(snapshot: json, decoder))
    }
}

/// As events hold it: a large value is a reference.
extension Payload: SnapshotValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue { .object(json) }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        guard let value = try decoder.events.payload(json) else { throw SnapshotError(json) }
        self = value
    }
}

extension BlobRef: EventValue {}

extension JSONObject: SnapshotValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue { .object(self) }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        guard case .object(let object) = json else { throw SnapshotError(json) }
        self = object
    }
}

extension TaskError: EventValue {}

extension Array: SnapshotValue where Element: SnapshotValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue {
        .array(map { $0.write(to: &encoder) })
    }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        guard let items = json.arrayValue else { throw SnapshotError(json) }
        self = try items.map { try Element(snapshot: $0, decoder) }
    }
}

/// Pairs by rising key.
extension Dictionary: SnapshotValue where Key: SnapshotValue & Comparable, Value: SnapshotValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue {
        var pairs: [JSONValue] = []
        for (key, value) in sorted(by: { $0.key < $1.key }) {
            pairs.append([key.write(to: &encoder), value.write(to: &encoder)])
        }
        return .array(pairs)
    }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init()
        guard let pairs = json.arrayValue else { throw SnapshotError(json) }
        for pair in pairs {
            guard let items = pair.arrayValue, items.count == 2 else { throw SnapshotError(pair) }
            self[try Key(snapshot: items[0], decoder)] = try Value(snapshot: items[1], decoder)
        }
    }
}
