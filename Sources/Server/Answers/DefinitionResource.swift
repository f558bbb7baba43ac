// Baton
// SPDX-License-Identifier: Apache-2.0

public import Catalog
public import JSON
internal import Model
public import Store

extension DefinitionCatalog {
    /// A name with its newest version and where `main` points: `{name, kind, owner, versions, main?, hash?, created_at,
    /// changed_at}`.
    ///
    /// - Throws: `storage`.
    public func resource(of definition: DefinitionName) throws(CatalogError) -> JSONValue {
        let (name, owner) = (definition.name, definition.owner)
        let versions = try versions(of: name, owner: owner)
        let main = try tags(of: name, owner: owner).first { $0.name == "\(name)@\(VersionReference.defaultTag)" }
        let target = versions.first { $0.hash == main?.target.hash }
        var result: JSONObject = [
            "name": .string(name), "kind": .string(definition.kind), "owner": .string(owner),
            "versions": .int(Int64(versions.last?.number ?? 0)),
        ]
        result["main"] = target?.number.map { .int(Int64($0)) }
        result["hash"] = target.map { .string($0.hash) }
        result["created_at"] = .string(definition.createdAt.description)
        result["changed_at"] = .string((versions.last?.createdAt ?? definition.createdAt).description)
        return .object(result)
    }
}
