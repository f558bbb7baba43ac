// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// The texts of agents and skills as runs first used them (spec 8.10). Calls block.
///
/// A text is kept once, by its hash, whoever uses it; it stays when the runs are gone, because texts are few: one for each
/// change that somebody made.
public protocol PromptStore: Sendable {
    /// Writes down what a run uses from now on, in one transaction; a name that it has a text of already keeps that one. A
    /// run that is not there is left out.
    ///
    /// - Throws: `full` or `failed`. Nothing was written then.
    func pin(_ prompts: [PromptRow], of run: RunID) throws(StoreError)

    /// What a run uses: hashes by names.
    func pinnedPrompts(of run: RunID) throws(StoreError) -> [String: String]

    /// The text with that hash.
    func prompt(_ hash: String) throws(StoreError) -> [UInt8]?
}

/// A text that a run uses.
public struct PromptRow: Sendable, Equatable {
    /// What it is, such as `agent:analyst`; unique within a run.
    public var name: String
    /// SHA-256 of the text in hexadecimal digits.
    public var hash: String
    /// As its file has it.
    public var text: [UInt8]

    /// Puts a row together.
    public init(name: String, hash: String, text: [UInt8]) {
        (self.name, self.hash, self.text) = (name, hash, text)
    }
}
