// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// The texts of a ``MemoryRunStore``.
struct MemoryPrompts {
    private var texts: [String: [UInt8]] = [:]
    private var names: [Int64: [String: String]] = [:]

    mutating func pin(_ prompts: [PromptRow], of run: Int64) {
        for row in prompts where names[run]?[row.name] == nil {
            names[run, default: [:]][row.name] = row.hash
            texts[row.hash] = row.text
        }
    }

    func names(of run: Int64) -> [String: String] { names[run] ?? [:] }

    func text(_ hash: String) -> [UInt8]? { texts[hash] }

    /// The run was deleted.
    mutating func remove(ofRun key: Int64) { names[key] = nil }
}

extension MemoryRunStore: PromptStore {
    /// Writes down what a run uses.
    public func pin(_ prompts: [PromptRow], of run: RunID) {
        guard let key = self.run(run)?.key else { return }
        changing { $0.prompts.pin(prompts, of: key) }
    }

    /// What a run uses.
    public func pinnedPrompts(of run: RunID) -> [String: String] {
        guard let key = self.run(run)?.key else { return [:] }
        return reading { $0.prompts.names(of: key) }
    }

    /// The text with that hash.
    public func prompt(_ hash: String) -> [UInt8]? { reading { $0.prompts.text(hash) } }
}
