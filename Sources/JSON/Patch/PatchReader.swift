// Baton
// SPDX-License-Identifier: Apache-2.0

/// Reads patches; all operations are checked before any is applied.
struct PatchReader {
    let rules: JSONPatch.Rules

    func read(_ value: JSONValue) throws(JSONPatchError) -> [JSONPatch.Operation] {
        guard let elements = value.arrayValue else {
            throw JSONPatchError(code: .malformed, operation: nil, pointer: nil, message: "a patch must be an array")
        }
        guard elements.count <= rules.limits.maxOperations else {
            throw tooLarge("has more than \(rules.limits.maxOperations) operations")
        }
        guard isSmall(value) else { throw tooLarge("is longer than \(rules.limits.maxBytes) bytes") }
        var operations: [JSONPatch.Operation] = []
        operations.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() { operations.append(try operation(element, index)) }
        return operations
    }

    private func isSmall(_ value: JSONValue) -> Bool {
        guard rules.limits.maxBytes < 64 << 20 else { return true }
        return value.bytes().count <= rules.limits.maxBytes
    }

    private func operation(_ element: JSONValue, _ index: Int) throws(JSONPatchError) -> JSONPatch.Operation {
        guard let object = element.objectValue else { throw failure(index, "an operation must be an object") }
        guard let name = object["op"]?.stringValue else { throw failure(index, "\"op\" must name an operation") }
        guard JSONPatch.Rules.rfc6902.operations.contains(name) else {
            throw failure(index, "there is no operation \(JSONValue.string(name).text)")
        }
        guard rules.operations.contains(name) else {
            throw failure(index, "the operation \"\(name)\" is not allowed here", .operationNotAllowed)
        }
        let path = try pointer("path", object, index)
        switch name {
        case "add": return .add(path: path, value: try value(object, index, path))
        case "remove": return .remove(path: path)
        case "replace": return .replace(path: path, value: try value(object, index, path))
        case "move": return .move(from: try pointer("from", object, index), path: path)
        case "copy": return .copy(from: try pointer("from", object, index), path: path)
        default: return .test(path: path, value: try value(object, index, path))
        }
    }

    private func pointer(_ name: String, _ object: JSONObject, _ index: Int) throws(JSONPatchError) -> JSONPointer {
        guard let text = object[name]?.stringValue else {
            throw failure(index, "\"\(name)\" must be a JSON Pointer in a string")
        }
        do throws(JSONPointer.SyntaxError) { return try JSONPointer(text) } catch {
            throw failure(index, error.message)
        }
    }

    private func value(_ object: JSONObject, _ index: Int, _ path: JSONPointer) throws(JSONPatchError) -> JSONValue {
        if let value = object["value"] { return value }
        throw JSONPatchError(
            code: .valueMissing,
            operation: index,
            pointer: path,
            message: "the operation needs a \"value\""
        )
    }

    private func failure(
        _ index: Int,
        _ message: String,
        _ code: JSONPatchError.Code = .malformed
    ) -> JSONPatchError {
        JSONPatchError(code: code, operation: index, pointer: nil, message: message)
    }

    private func tooLarge(_ message: String) -> JSONPatchError {
        JSONPatchError(code: .tooLarge, operation: nil, pointer: nil, message: "the patch \(message)")
    }
}
