// Baton
// SPDX-License-Identifier: Apache-2.0

import Catalog
import Definition
import Glibc
import JSON
import Store

/// Finds the document that a person means by a file or by the name of a published workflow.
struct PublishedWorkflow {
    /// As messages name it: the file, or `NAME@3`.
    let name: String
    let text: [UInt8]

    /// A word that looks like a path is one; any other is first looked for among what is published.
    static func find(
        _ word: String,
        _ context: CommandContext,
        _ compiler: Compiler
    ) throws(CommandFailure) -> PublishedWorkflow {
        guard !looksLikePath(word), let reference = try? VersionReference(word) else {
            return try file(word, context)
        }
        let path = context.absolute(word)
        let isFile = access(path, F_OK) == 0
        let found = try CatalogSession.reading(context, compiler) { session throws(CommandFailure) in
            try published(reference, session, context, or: isFile)
        }
        if let found {
            if isFile { context.console.note("there is also a file \(word); write ./\(word) for that") }
            return found
        }
        guard isFile else {
            throw .notFound(
                "there is no file \(word), and no workflow `\(reference.name)` is published",
                hint: "`baton workflow list` shows what is published, `baton workflow publish FILE` adds to it"
            )
        }
        return try file(word, context)
    }

    private static func published(
        _ reference: VersionReference,
        _ session: CatalogSession,
        _ context: CommandContext,
        or isFile: Bool
    ) throws(CommandFailure) -> PublishedWorkflow? {
        let owners = [CatalogSession.owner, ArtifactRow.sharedOwner]
        let names = try catalogCall(context) { () throws(CatalogError) in try session.catalog.definitions(owner: nil) }
        guard names.contains(where: { owners.contains($0.owner) && $0.name == reference.name }) else { return nil }
        let (version, text) = try catalogCall(context) { () throws(CatalogError) -> (ArtifactRow, [UInt8]) in
            let version = try session.catalog.version(reference, owner: CatalogSession.owner)
            if let source = try session.catalog.source(of: version) { return (version, source) }
            return (version, Array(try session.catalog.document(of: version).prettyText.utf8))
        }
        let name = "\(version.name)@\(version.number ?? 0)"
        context.console.note("\(name) (\(version.hash)), as published")
        return PublishedWorkflow(name: name, text: text)
    }

    private static func file(_ word: String, _ context: CommandContext) throws(CommandFailure) -> PublishedWorkflow {
        PublishedWorkflow(name: word, text: try TextFile.bytes(word == "-" ? word : context.absolute(word)))
    }

    /// `-`, a name with the ending of a document, or one that says where to begin.
    static func looksLikePath(_ word: String) -> Bool {
        word == "-" || [".yaml", ".yml", ".json"].contains { word.hasSuffix($0) }
            || ["/", "./", "../", "~"].contains { word.hasPrefix($0) } || word == "." || word == ".."
    }
}
