// Baton
// SPDX-License-Identifier: Apache-2.0

/// The versions of texts in a ``MemorySecurityStore``, by name, the oldest first.
struct MemoryPromptVersions {
    private var rows: [String: [PromptVersionRow]] = [:]

    mutating func add(_ row: PromptVersionRow) throws(StoreError) {
        guard (rows[row.name]?.last?.version ?? 0) + 1 == row.version else { throw .promptTaken(row) }
        rows[row.name, default: []].append(row)
    }

    func list(_ name: String, _ before: Int?, _ limit: Int) -> [PromptVersionRow] {
        let older = (rows[name] ?? []).reversed().lazy.filter { row in before.map { row.version < $0 } ?? true }
        return older.prefix(limit).map { row in
            var row = row
            row.text = nil
            return row
        }
    }

    func version(_ version: Int, of name: String) -> PromptVersionRow? {
        rows[name]?.first { $0.version == version }
    }

    var edited: [PromptVersionRow] {
        rows.values.compactMap(\.last).filter { $0.hash != nil }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }
}

extension MemorySecurityStore {
    /// Versions of a text, the newest first.
    public func promptVersions(of name: String, before: Int?, limit: Int) -> [PromptVersionRow] {
        reading { $0.promptVersions.list(name, before, limit) }
    }

    /// A version with its text.
    public func promptVersion(_ version: Int, of name: String) -> PromptVersionRow? {
        reading { $0.promptVersions.version(version, of: name) }
    }

    /// Texts that stand in place of those of files, by name.
    public func editedPrompts() -> [PromptVersionRow] { reading { $0.promptVersions.edited } }
}
