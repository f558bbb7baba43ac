// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Hashing
public import Model
public import Store
internal import Synchronization

/// Sources of documents that are searched. Calls block on the store.
public final class Library: Sendable {
    /// Bytes of the text of a document.
    public static let documentLimit = 1 << 20
    /// Documents of a source.
    public static let documentCountLimit = 100_000
    /// Sources of a tenant.
    public static let sourceLimit = 200
    /// So much text is written in one transaction, so that others wait for milliseconds only.
    private static let transactionSize = 1 << 19

    let store: any KnowledgeStore
    let now: @Sendable () -> Timestamp
    private let ids = Mutex(IdentifierSource())

    /// A library over a store.
    ///
    /// - Parameter now: The time of day.
    public init(store: any KnowledgeStore, now: @escaping @Sendable () -> Timestamp) {
        (self.store, self.now) = (store, now)
    }

    /// A document that is brought.
    public struct Draft: Sendable {
        /// Unique within the source: the path of a file, or any name.
        public var path: String
        /// For people; by its first heading or its path, when there is none.
        public var title: String?
        /// The text.
        public var text: String

        /// Puts a draft together.
        public init(path: String, title: String? = nil, text: String) {
            (self.path, self.title, self.text) = (path, title, text)
        }
    }

    /// What became of a draft.
    public enum Arrival: String, Sendable, CaseIterable {
        /// It was not there before.
        case added
        /// It has another text now.
        case changed
        /// It was there with the same text; nothing was written.
        case unchanged
    }

    // MARK: Sources

    /// What somebody sees of the sources, by name.
    public func sources(_ visibility: Visibility) throws(LibraryError) -> [SourceSummary] {
        try stored { () throws(StoreError) in try store.sources(of: visibility.tenant) }
            .filter { visibility.shows($0.row.ownership) }
    }

    /// A source of a tenant by name.
    public func source(_ name: String, tenant: String) throws(LibraryError) -> SourceRow? {
        try stored { () throws(StoreError) in try store.source(named: name, in: tenant) }
    }

    /// Makes a source.
    ///
    /// - Throws: `invalid` for a name that cannot be, or too many sources; `conflict` for one that is taken.
    public func makeSource(_ name: String, _ ownership: Ownership) throws(LibraryError) -> SourceRow {
        guard Self.isSourceName(name) else {
            throw LibraryError(
                .invalid,
                "`\(name)` cannot be the name of a source: letters, digits, `_`, `-` and `.`, the first a letter, at most "
                    + "100, and not `sources` or `search`."
            )
        }
        let all = try stored { () throws(StoreError) in try store.sources(of: ownership.tenant) }
        guard all.count < Self.sourceLimit else {
            throw LibraryError(.invalid, "There are \(Self.sourceLimit) sources already, which is as many as may be.")
        }
        let row = SourceRow(id: makeID(), name: name, ownership: ownership, createdAt: now())
        var change = KnowledgeChange()
        change.sources = [row]
        try apply(change)
        return row
    }

    /// Whether a source may be called so.
    public static func isSourceName(_ name: String) -> Bool {
        guard (1...100).contains(name.utf8.count), !["sources", "search"].contains(name) else { return false }
        return name.utf8.first.map(isLetter) == true
            && name.utf8.allSatisfy { isLetter($0) || (48...57).contains($0) || [45, 46, 95].contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte) || (97...122).contains(byte) }

    /// Removes a source with all that is in it.
    public func remove(_ source: SourceRow) throws(LibraryError) {
        var change = KnowledgeChange()
        change.removedSources = [source.id]
        try apply(change)
    }

    // MARK: Documents

    /// Documents of a source by path, from after `path` on.
    public func documents(
        in source: SourceRow,
        after path: String? = nil,
        limit: Int
    ) throws(LibraryError) -> [DocumentRow] {
        try stored { () throws(StoreError) in try store.documents(in: source.id, after: path, limit: limit) }
    }

    /// A document of a source, by its id.
    public func document(_ id: DocumentID, in source: SourceRow) throws(LibraryError) -> DocumentRow? {
        let row = try stored { () throws(StoreError) in try store.document(id) }
        return row?.source == source.id ? row : nil
    }

    /// A document of a source, by its path.
    public func document(at path: String, in source: SourceRow) throws(LibraryError) -> DocumentRow? {
        try stored { () throws(StoreError) in try store.document(at: path, in: source.id) }
    }

    /// The passages of a document.
    public func passages(of document: DocumentRow) throws(LibraryError) -> [Passage] {
        try stored { () throws(StoreError) in try store.passages(of: document.id) }
    }

    /// Takes documents in. One whose text is as it was is left alone. When it fails, documents before are taken in.
    ///
    /// - Throws: `invalid` for a path or a text that cannot be, before anything is written; `conflict` when the source was
    ///   removed meanwhile.
    public func add(
        _ drafts: [Draft],
        to source: SourceRow,
        by author: String
    ) throws(LibraryError) -> [(document: DocumentRow, arrival: Arrival)] {
        for draft in drafts { try Self.check(draft) }
        try checkRoom(for: drafts, in: source)
        var results: [(document: DocumentRow, arrival: Arrival)] = []
        var (change, size) = (KnowledgeChange(), 0)
        for draft in drafts {
            let hash = Self.hash(of: draft.text)
            let old = try document(at: draft.path, in: source)
            if let old, old.hash == hash, draft.title == nil || draft.title == old.title {
                results.append((old, .unchanged))
                continue
            }
            let passages = PassageCutter.cut(draft.text, path: draft.path)
            let time = now()
            let row = DocumentRow(
                id: old?.id ?? makeID(),
                source: source.id,
                path: draft.path,
                title: draft.title ?? Self.title(of: passages, draft.path),
                hash: hash,
                bytes: draft.text.utf8.count,
                passages: passages.count,
                addedAt: old?.addedAt ?? time,
                updatedAt: time,
                author: author
            )
            change.documents.append((row, passages))
            results.append((row, old == nil ? .added : .changed))
            size += row.bytes
            if size >= Self.transactionSize {
                try apply(change)
                (change, size) = (KnowledgeChange(), 0)
            }
        }
        if !change.documents.isEmpty { try apply(change) }
        return results
    }

    /// Removes documents.
    public func remove(_ documents: [DocumentRow]) throws(LibraryError) {
        var rest = documents[...]
        while !rest.isEmpty {
            var change = KnowledgeChange()
            change.removedDocuments = rest.prefix(100).map(\.id)
            rest = rest.dropFirst(100)
            try apply(change)
        }
    }

    /// The hash of a text as ``Store/DocumentRow/hash`` has it.
    public static func hash(of text: String) -> String { "sha256:" + SHA256.hex(Array(text.utf8)) }

    private static func title(of passages: [Passage], _ path: String) -> String {
        let heading = passages.first.map(\.heading) ?? ""
        let first = heading.split(separator: ">").first.map { String($0.trimmingBlanks) } ?? ""
        return first.isEmpty ? path.split(separator: "/").last.map(String.init) ?? path : first
    }

    private static func check(_ draft: Draft) throws(LibraryError) {
        guard (1...1000).contains(draft.path.utf8.count), !draft.path.utf8.contains(0) else {
            throw LibraryError(.invalid, "The path of a document has 1 to 1,000 bytes.")
        }
        guard draft.title?.utf8.count ?? 0 <= 500 else {
            throw LibraryError(.invalid, "The title of \(draft.path) is longer than 500 bytes.")
        }
        guard draft.text.utf8.count <= documentLimit else {
            throw LibraryError(.invalid, "\(draft.path) is longer than 1 MiB; cut it into several documents.")
        }
        guard !draft.text.utf8.contains(0) else {
            throw LibraryError(.invalid, "\(draft.path) is no text: it holds a NUL.")
        }
    }

    private func checkRoom(for drafts: [Draft], in source: SourceRow) throws(LibraryError) {
        let all = try stored { () throws(StoreError) in try store.sources(of: source.ownership.tenant) }
        let count = all.first { $0.row.id == source.id }?.documents ?? 0
        guard count + drafts.count <= Self.documentCountLimit else {
            throw LibraryError(.invalid, "A source has at most \(Self.documentCountLimit) documents.")
        }
    }

    func apply(_ change: KnowledgeChange) throws(LibraryError) {
        try stored { () throws(StoreError) in try store.apply(change) }
    }

    func makeID<Kind>() -> Identifier<Kind> {
        let time = now()
        var random = SystemRandomNumberGenerator()
        return ids.withLock { $0.next(at: time, entropy: (random.next(), random.next())) }
    }
}

extension Substring {
    fileprivate var trimmingBlanks: Substring {
        let start = drop { $0 == " " }
        return start.last == " " ? start.dropLast() : start
    }
}
