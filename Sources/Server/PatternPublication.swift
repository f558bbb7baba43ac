// Baton
// SPDX-License-Identifier: Apache-2.0

public import Catalog
public import Engine
public import JSON
public import Store

/// Makes a workstack of a pattern (spec 9.14).
public enum PatternPublication {
    /// Publishes the workstack of a pattern under a name that is not taken. One that a call before made of it, which did not
    /// get to the end, is taken for it. Blocks.
    ///
    /// - Parameters:
    ///   - name: Of the workstack; the name of the pattern when `nil`.
    ///   - schema: The JSON Schema of the arguments of a tool.
    /// - Throws: `conflict` when the name is taken; `definitionInvalid` when an agent or a tool of it is not there any more;
    ///   `invalid`, `storage`.
    public static func publish(
        _ pattern: PatternRecord,
        as name: String?,
        in catalog: DefinitionCatalog,
        schema: (_ tool: String) -> JSONValue?,
        by actor: CatalogActor
    ) throws(CatalogError) -> ArtifactRow {
        let name = name ?? pattern.name
        guard VersionReference.isName(name) else {
            throw CatalogError(.invalid, "`\(name)` is no name of a definition; give another `name`")
        }
        let text = PatternDraft(pattern.steps, named: name, schema: schema).text
        do throws(CatalogError) {
            return try catalog.publish(text, fileName: name, expected: .absent, named: name, by: actor).version
        } catch {
            guard error.code == .tagMoved else { throw error }
        }
        let present = try catalog.version(VersionReference(name), owner: actor.owner)
        guard try catalog.source(of: present) == text else {
            throw CatalogError(.conflict, "there is a definition `\(name)` already; give another `name`")
        }
        return present
    }
}
