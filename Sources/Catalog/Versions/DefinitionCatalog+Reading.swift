// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
public import JSON
public import Model
public import Store

/// Finding versions and giving their content back.
extension DefinitionCatalog {
    /// Definitions by owner and name; `owner` nil for all.
    public func definitions(owner: String?) throws(CatalogError) -> [DefinitionName] {
        try storage { () throws(StoreError) in try store.definitions(owner: owner) }
    }

    /// The versions of a definition, oldest first. Where a chain was compacted, the compacted version stands for the
    /// patch set it was made of.
    ///
    /// - Throws: `notFound` when there is no such definition.
    public func versions(of name: String, owner: String) throws(CatalogError) -> [ArtifactRow] {
        let versions = try versionsIfAny(of: name, owner: owner)
        guard !versions.isEmpty else { throw CatalogError(.notFound, "there is no definition `\(name)`") }
        return versions
    }

    /// The version that a reference names; definitions that everybody shares are found when the owner has none of
    /// that name.
    ///
    /// - Throws: `notFound`, or `invalid` when several hashes begin so.
    public func version(_ reference: VersionReference, owner: String) throws(CatalogError) -> ArtifactRow {
        var versions = try versionsIfAny(of: reference.name, owner: owner)
        if versions.isEmpty { versions = try versionsIfAny(of: reference.name, owner: ArtifactRow.sharedOwner) }
        guard let last = versions.last else {
            throw CatalogError(.notFound, "there is no definition `\(reference.name)`")
        }
        switch reference.selector {
        case .number(let number):
            if let version = versions.first(where: { $0.number == number }) { return version }
        case .hash(let hash):
            let found = versions.filter { $0.hash.hasPrefix(hash) }
            guard found.count < 2 else {
                throw CatalogError(.invalid, "\(found.count) versions of `\(reference.name)` begin with `\(hash)`")
            }
            if let version = found.first { return version }
        case .tag(let tag):
            let row = try self.tag(tag, of: reference.name, owner: last.owner)
            if let version = versions.first(where: { $0.hash == row.target.hash }) { return version }
        }
        throw CatalogError(.notFound, "there is no version `\(reference)`; the newest is \(last.number ?? 0)")
    }

    /// The artifact with that id.
    ///
    /// - Throws: `notFound`.
    public func artifact(_ id: ArtifactID) throws(CatalogError) -> ArtifactRow {
        guard let row = try storage({ () throws(StoreError) in try store.artifact(id) }) else {
            throw CatalogError(.notFound, "there is no artifact `\(id)`")
        }
        return row
    }

    /// The text of a version as it was published, when it was: patched versions have none.
    public func source(of version: ArtifactRow) throws(CatalogError) -> [UInt8]? {
        guard version.compactedFrom == nil, let source = version.source else { return nil }
        return try storage { () throws(StoreError) in try blobs.get(source) }
    }

    /// The document of a version, its members in the order in which they were written.
    ///
    /// A version N is its base with the patches up to N applied in order; the result is checked against the hash that
    /// was recorded when the version was made.
    /// - Throws: `storage` with code `corrupted` when the content is not what was recorded, or `missing`.
    public func document(of version: ArtifactRow) throws(CatalogError) -> JSONValue {
        let (base, patches) = try chain(to: version)
        let canonical = try parsed(base.blob)
        if let ordered = try orderedDocument(of: base, canonical),
            let document = try? Self.patched(ordered, patches),
            Self.identity(of: document).hash == version.hash
        {
            return document
        }
        // The text reads differently to this program, so its order is lost; the content is not.
        let document = try Self.patched(canonical, patches)
        guard Self.identity(of: document).hash == version.hash else {
            throw CatalogError(
                StoreError(
                    .corrupted,
                    "Version \(version.number ?? 0) of `\(version.name)` does not come to its hash \(version.hash). "
                        + "Restore it from a backup."
                )
            )
        }
        return document
    }

    /// The rows from which a version is made: the base, and patch sets in the order in which they apply.
    func chain(to version: ArtifactRow) throws(CatalogError) -> (base: ArtifactRow, patches: [DefinitionPatch]) {
        var patches: [DefinitionPatch] = []
        var row = version
        while row.kind == .patchSet {
            patches.append(try DefinitionPatch(try parsed(row.blob)))
            guard let previous = row.previous, patches.count <= version.depth else {
                throw CatalogError(
                    StoreError(
                        .corrupted,
                        "The chain of version \(version.number ?? 0) of `\(version.name)` has no base."
                    )
                )
            }
            row = try artifact(previous)
        }
        return (row, patches.reversed())
    }

    private static func patched(_ document: JSONValue, _ patches: [DefinitionPatch]) throws(CatalogError) -> JSONValue {
        var document = document
        for patch in patches { document = try patch.applied(to: document) }
        return document
    }

    private func parsed(_ blob: BlobRef) throws(CatalogError) -> JSONValue {
        let bytes = try storage { () throws(StoreError) in try blobs.get(blob) }
        do throws(JSONError) {
            return try JSONValue(parsing: bytes)
        } catch {
            throw CatalogError(StoreError(.corrupted, "Blob \(blob.hash) is no JSON: \(error.message)."))
        }
    }

    /// The base as it was written; `nil` when its text is not kept or reads differently.
    private func orderedDocument(of base: ArtifactRow, _ canonical: JSONValue) throws(CatalogError) -> JSONValue? {
        guard let source = base.source else { return nil }
        let text = try storage { () throws(StoreError) in try blobs.get(source) }
        // A name in YAML, because that takes JSON as well.
        let document = compiler.compile(text: text, fileName: "\(base.name).yaml").document
        return document == canonical ? document : nil
    }

    /// The versions of a definition, oldest first; none when there is no such definition.
    func versionsIfAny(of name: String, owner: String) throws(CatalogError) -> [ArtifactRow] {
        var byNumber: [Int: ArtifactRow] = [:]
        for row in try rows(of: name, owner: owner) {
            guard let number = row.number else { continue }
            // The later of two is the one that was compacted.
            if let known = byNumber[number], known.compactedFrom != nil, row.compactedFrom == nil { continue }
            byNumber[number] = row
        }
        return byNumber.values.sorted { ($0.number ?? 0) < ($1.number ?? 0) }
    }

    /// Every artifact of a name, oldest first.
    func rows(of name: String, owner: String) throws(CatalogError) -> [ArtifactRow] {
        var filter = ArtifactFilter()
        (filter.owner, filter.name) = (owner, name)
        var rows: [ArtifactRow] = []
        while true {
            let page = try storage { () throws(StoreError) in try store.artifacts(filter) }
            rows += page
            guard page.count == filter.limit, let last = page.last else { return rows.reversed() }
            filter.before = last.id
        }
    }

    /// The row that stands for a version now: the compacted one, when there is one.
    func newest(_ row: ArtifactRow) throws(CatalogError) -> ArtifactRow {
        guard let number = row.number else { return row }
        var filter = ArtifactFilter()
        (filter.owner, filter.name, filter.number) = (row.owner, row.name, number)
        let rows = try storage { () throws(StoreError) in try store.artifacts(filter) }
        return rows.first { $0.compactedFrom != nil } ?? row
    }
}
