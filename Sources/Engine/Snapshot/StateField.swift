// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON

/// One stored property of a state, and how a snapshot holds it: under its own name, left out when it is the default.
struct StateField<Owner>: Sendable {
    /// The property's name. A test compares the names of all fields with the properties that the type has, so that a
    /// new property cannot be forgotten.
    let property: String
    /// The value to write; `nil` for the default.
    let write: @Sendable (Owner, inout SnapshotEncoder) -> JSONValue?
    /// Sets what was written.
    let read: @Sendable (inout Owner, JSONValue, SnapshotDecoder) throws -> Void

    /// A property that a new instance has no value in.
    init<Value: SnapshotValue>(_ property: String, _ path: any WritableKeyPath<Owner, Value?> & Sendable) {
        self.property = property
        write = { owner, encoder in owner[keyPath: path].map { $0.write(to: &encoder) } }
        read = { owner, json, decoder in owner[keyPath: path] = try Value(snapshot: json, decoder) }
    }

    /// A property that a new instance has a value in.
    init<Value: SnapshotValue & Equatable>(
        _ property: String,
        _ path: any WritableKeyPath<Owner, Value> & Sendable,
        default usual: Value
    ) {
        self.property = property
        write = { owner, encoder in
            let value = owner[keyPath: path]
            guard value != usual else { return Optional<JSONValue>.none }
            return value.write(to: &encoder)
        }
        read = { owner, json, decoder in owner[keyPath: path] = try Value(snapshot: json, decoder) }
    }

    /// A property that always has a value of its own.
    init<Value: SnapshotValue>(_ property: String, _ path: any WritableKeyPath<Owner, Value> & Sendable) {
        self.property = property
        write = { owner, encoder in owner[keyPath: path].write(to: &encoder) }
        read = { owner, json, decoder in owner[keyPath: path] = try Value(snapshot: json, decoder) }
    }

    /// A property that a new instance is made with.
    static func fixed<Value: SnapshotValue>(_ property: String, _ path: any KeyPath<Owner, Value> & Sendable) -> Self {
        Self(property, write: { owner, encoder in owner[keyPath: path].write(to: &encoder) }, read: { _, _, _ in })
    }

    /// A property in a form of its own.
    init(
        _ property: String,
        write: @escaping @Sendable (Owner, inout SnapshotEncoder) -> JSONValue?,
        read: @escaping @Sendable (inout Owner, JSONValue, SnapshotDecoder) throws -> Void
    ) {
        self.property = property
        self.write = write
        self.read = read
    }
}

/// A type whose properties are listed once, for writing and reading.
protocol SnapshotFields: Sendable {
    /// All that a snapshot holds, in the order in which it is written.
    static var fields: [StateField<Self>] { get }
    /// Properties that follow from others and are made again when the snapshot is read.
    static var derivedProperties: [String] { get }
}

extension SnapshotFields {
    static var derivedProperties: [String] { [] }

    /// The object `{property: value}`, without defaults.
    func writeFields(to encoder: inout SnapshotEncoder) -> JSONValue {
        var object = JSONObject()
        for field in Self.fields {
            if let value = field.write(self, &encoder) { object.append(field.property, value) }
        }
        return .object(object)
    }

    /// Sets what ``writeFields(to:)`` wrote.
    mutating func readFields(_ json: JSONValue, _ decoder: SnapshotDecoder) throws {
        guard let members = json.objectValue else { throw SnapshotError(json) }
        let fields = Self.fields
        var next = 0
        for member in members {
            while next < fields.count, fields[next].property != member.key { next += 1 }
            guard next < fields.count else { throw SnapshotError(.string(member.key)) }
            try fields[next].read(&self, member.value, decoder)
        }
    }
}

/// A snapshot that this program cannot read. It is passed over: the log has everything.
struct SnapshotError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// What stands there is not what should.
    init(_ json: JSONValue) {
        description = "unexpected \(json.text.prefix(100))"
    }
}
