// Baton
// SPDX-License-Identifier: Apache-2.0

public import Definition
public import Store

/// Why the catalogue refused. Switch over ``code``; show ``message``.
public struct CatalogError: Error, Sendable, CustomStringConvertible {
    /// The problem codes of spec 10.8.
    public enum Code: String, Sendable {
        /// There is no definition, version, tag or artifact of that name.
        case notFound = "not_found"
        /// The tag does not point to what was expected.
        case tagMoved = "tag.moved"
        /// A name is taken, or there is nothing to undo.
        case conflict = "state.conflict"
        /// The document has errors; see ``CatalogError/diagnostics``.
        case definitionInvalid = "definition.invalid"
        /// The patch does not fit; see ``CatalogError/problem``.
        case patchInvalid = "patch.invalid"
        /// A name, a reference or a file is not of the right form.
        case invalid = "validation.failed"
        /// Storage failed; see ``CatalogError/storage``.
        case storage = "store.unavailable"
    }
    /// What kind of failure this is.
    public let code: Code
    /// What happened, in one sentence.
    public let message: String
    /// Everything that is wrong with a document.
    public var diagnostics: [Diagnostic] = []
    /// `E501` to `E507`, when a patch does not fit.
    public var problem: String?
    /// Where the tag points to in fact.
    public var present: TagTarget?
    /// The failure below.
    public var storage: StoreError?

    /// Puts an error together.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Wraps a failure of storage.
    public init(_ error: StoreError) {
        self.init(.storage, error.message)
        storage = error
    }

    /// Code and message.
    public var description: String { "\(code.rawValue): \(message)" }
}

/// Calls a store from the catalogue.
func storage<Value>(_ body: () throws(StoreError) -> Value) throws(CatalogError) -> Value {
    do throws(StoreError) {
        return try body()
    } catch {
        throw CatalogError(error)
    }
}
