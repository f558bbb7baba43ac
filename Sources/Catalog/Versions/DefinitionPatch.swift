// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
public import JSON

/// A change of a definition: RFC 6902 with the operations `add`, `remove`, `replace` and `test`, and a description.
///
/// `/nodes/-` adds at the end, and `/nodes/@id/…` names a node by its id.
public struct DefinitionPatch: Sendable, Hashable {
    /// What it is for, in one line.
    public let description: String?
    /// The operations.
    public let operations: JSONPatch

    /// Reads an array of operations, or an object of `description` and `ops`.
    ///
    /// - Throws: `patchInvalid` with the code of what is wrong.
    public init(_ json: JSONValue) throws(CatalogError) {
        let operations: JSONValue
        if let object = json.objectValue {
            if let unknown = object.keys.first(where: { $0 != "ops" && $0 != "description" }) {
                throw Self.malformed("a patch has `description` and `ops`, not `\(unknown)`")
            }
            guard let ops = object["ops"] else { throw Self.malformed("the patch has no `ops`") }
            guard object["description"].map({ $0.stringValue != nil }) ?? true else {
                throw Self.malformed("`description` must be text")
            }
            (operations, description) = (ops, object["description"]?.stringValue)
        } else {
            (operations, description) = (json, nil)
        }
        do throws(JSONPatchError) {
            self.operations = try JSONPatch(operations, rules: .definition)
        } catch {
            throw Self.invalid(error)
        }
    }

    /// `{"description"?, "ops"}`.
    public var json: JSONValue {
        var object = JSONObject()
        object["description"] = description.map { .string($0) }
        object["ops"] = operations.json
        return .object(object)
    }

    /// The changed document.
    ///
    /// - Throws: `patchInvalid`.
    func applied(to document: JSONValue) throws(CatalogError) -> JSONValue {
        do throws(JSONPatchError) {
            return try operations.apply(to: document)
        } catch {
            throw Self.invalid(error)
        }
    }

    private static func malformed(_ message: String) -> CatalogError {
        CatalogError(.patchInvalid, "\(message); a patch is a list of operations, or {\"description\", \"ops\"}")
    }

    private static func invalid(_ error: JSONPatchError) -> CatalogError {
        var result = CatalogError(.patchInvalid, error.description)
        result.problem = Diagnostic.Code(patch: error.code).rawValue
        return result
    }
}
