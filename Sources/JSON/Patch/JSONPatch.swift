// Baton
// SPDX-License-Identifier: Apache-2.0

/// A list of changes to a JSON value (RFC 6902), applied as a whole or not at all.
public struct JSONPatch: Sendable, Hashable {
    /// One change. Places are taken against the value as the operations before left it.
    public enum Operation: Sendable, Hashable {
        /// Sets a member or the whole value, or inserts an element before the one at the place; `-` is the end.
        case add(path: JSONPointer, value: JSONValue)
        /// Takes out what is there.
        case remove(path: JSONPointer)
        /// Puts another value where there is one.
        case replace(path: JSONPointer, value: JSONValue)
        /// Takes out what is at `from` and adds it; nothing can be moved into itself.
        case move(from: JSONPointer, path: JSONPointer)
        /// Adds what is at `from`.
        case copy(from: JSONPointer, path: JSONPointer)
        /// Refuses the patch unless an equal value is there.
        case test(path: JSONPointer, value: JSONValue)
    }

    /// The changes, in order.
    public let operations: [Operation]
    /// What the patch may do and cost.
    public let rules: Rules

    /// Takes over operations that are known to keep the rules.
    init(operations: [Operation], rules: Rules = .rfc6902) {
        self.operations = operations
        self.rules = rules
    }

    /// Reads a patch: an array of objects with `op`, `path` and what the operation takes. Other members are ignored.
    ///
    /// - Parameter limits: Instead of those of the rules.
    /// - Throws: `malformed`, `operationNotAllowed`, `valueMissing` or `tooLarge`.
    public init(_ value: JSONValue, rules: Rules = .rfc6902, limits: Limits? = nil) throws(JSONPatchError) {
        var rules = rules
        if let limits { rules.limits = limits }
        try self.init(operations: PatchReader(rules: rules).read(value), rules: rules)
    }

    /// Gives a changed copy; the value itself stays as it is, whatever happens.
    ///
    /// - Throws: `pathNotFound`, `testFailed` or `tooLarge`, with the operation at fault.
    public func apply(to value: JSONValue) throws(JSONPatchError) -> JSONValue {
        var target = PatchTarget(value, rules: rules)
        for (index, operation) in operations.enumerated() {
            do throws(PatchTarget.Failure) {
                try target.apply(operation)
            } catch {
                throw JSONPatchError(
                    code: error.code,
                    operation: index,
                    pointer: error.isSource ? operation.source : operation.path,
                    message: error.message
                )
            }
        }
        return target.value
    }

    /// The patch as a value that can be read again.
    public var json: JSONValue { .array(operations.map(\.json)) }
}

extension JSONPatch.Operation {
    /// The name in `op`.
    public var name: String {
        switch self {
        case .add: "add"
        case .remove: "remove"
        case .replace: "replace"
        case .move: "move"
        case .copy: "copy"
        case .test: "test"
        }
    }

    /// The place that is changed or looked at.
    public var path: JSONPointer {
        switch self {
        case .add(let path, _), .remove(let path), .replace(let path, _), .test(let path, _): path
        case .move(_, let path), .copy(_, let path): path
        }
    }

    /// The place that something is taken from; `nil` when the operation takes nothing.
    public var source: JSONPointer? {
        switch self {
        case .move(let from, _), .copy(let from, _): from
        default: nil
        }
    }

    /// The operation as a member of a patch.
    public var json: JSONValue {
        var object: JSONObject = ["op": .string(name)]
        if let source { object.append("from", .string(source.description)) }
        object.append("path", .string(path.description))
        switch self {
        case .add(_, let value), .replace(_, let value), .test(_, let value): object.append("value", value)
        default: break
        }
        return .object(object)
    }
}
