// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import Store

/// The texts lie in the same file as the runs. A file that an older program wrote and nobody has upgraded yet has none.
extension SQLiteRunStore: PromptStore {
    /// Writes down what a run uses and flushes it.
    public func pin(_ prompts: [PromptRow], of run: RunID) throws(StoreError) {
        try writing { (writer) throws(StoreError) in try writer.pin(prompts, of: run) }
    }

    /// What a run uses.
    public func pinnedPrompts(of run: RunID) throws(StoreError) -> [String: String] {
        try prompts { (reader) throws(StoreError) in try PromptRows.names(of: run, reader.connection) } ?? [:]
    }

    /// The text with that hash.
    public func prompt(_ hash: String) throws(StoreError) -> [UInt8]? {
        try prompts { (reader) throws(StoreError) in try PromptRows.text(hash, reader.connection) } ?? nil
    }

    private func prompts<Value: Sendable>(
        _ body: @Sendable (RunReader) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        try read { (reader) throws(StoreError) in
            guard try reader.connection.hasTable(PromptRows.table) else { return nil }
            return try body(reader)
        }
    }
}
