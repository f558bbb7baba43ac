// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
internal import Model
internal import Store

/// The members of a JSON object in a stored schedule.
struct StoredFields {
    private let object: JSONObject
    private let name: String

    init(_ row: ScheduleRow, _ bytes: [UInt8]) throws(EngineError) {
        guard let object = (try? JSONValue(parsing: bytes))?.objectValue else {
            throw Self.damaged(row.name, "it is no JSON object")
        }
        self.init(object, name: row.name)
    }

    private init(_ object: JSONObject, name: String) {
        self.object = object
        self.name = name
    }

    func has(_ key: String) -> Bool { object[key] != nil }

    func value<Value>(_ key: String, _ read: (JSONValue) -> Value?) throws(EngineError) -> Value {
        guard let value = object[key].flatMap(read) else { throw damaged("`\(key)` is missing or wrong") }
        return value
    }

    func text(_ key: String) throws(EngineError) -> String { try value(key, \.stringValue) }
    func integer(_ key: String) throws(EngineError) -> Int64 { try value(key, \.intValue) }
    func run(_ key: String) throws(EngineError) -> RunID { try value(key) { $0.stringValue.flatMap(RunID.init) } }

    func time(_ key: String) throws(EngineError) -> Timestamp {
        Timestamp(milliseconds: try integer(key))
    }

    func name<Name: RawRepresentable<String>>(_ key: String) throws(EngineError) -> Name {
        try value(key) { $0.stringValue.flatMap(Name.init) }
    }

    func object(_ key: String) throws(EngineError) -> StoredFields {
        StoredFields(try value(key, \.objectValue), name: name)
    }

    /// A member that may be missing, read by one of the functions above.
    func optional<Value>(
        _ key: String,
        _ read: (StoredFields) -> (String) throws(EngineError) -> Value
    ) throws(EngineError) -> Value? {
        has(key) ? try read(self)(key) : nil
    }

    func list<Value>(_ key: String, _ read: (StoredFields) throws(EngineError) -> Value) throws(EngineError) -> [Value]
    {
        var result: [Value] = []
        for element in try value(key, \.arrayValue) {
            guard let object = element.objectValue else { throw damaged("`\(key)` holds something else than objects") }
            result.append(try read(StoredFields(object, name: name)))
        }
        return result
    }

    func damaged(_ problem: String) -> EngineError { Self.damaged(name, problem) }

    private static func damaged(_ name: String, _ problem: String) -> EngineError {
        EngineError(.corrupted, "the stored schedule \(name) cannot be read: \(problem)")
    }
}
