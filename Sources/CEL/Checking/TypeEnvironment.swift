// Baton
// SPDX-License-Identifier: Apache-2.0

/// The variables that an expression may read, with their types.
public struct TypeEnvironment: Sendable {
    private var types: [String: CELType] = [:]

    /// No variables.
    public init() {}

    /// These variables.
    public init(_ types: [String: CELType]) {
        self.types = types
    }

    /// Adds a variable or changes its type.
    public mutating func declare(_ name: String, _ type: CELType) {
        types[name] = type
    }

    /// The type of a variable, `nil` when there is none of that name.
    public func type(of name: String) -> CELType? { types[name] }

    /// All names, sorted.
    var names: [String] { types.keys.sorted() }
}
