// Baton
// SPDX-License-Identifier: Apache-2.0

/// The variables that an expression may read, with their types.
public struct TypeEnvironment: Sendable {
    /// Few, so that looking at one after the other is fastest.
    private var types: [(name: String, type: CELType)] = []

    /// No variables.
    public init() {}

    /// These variables.
    public init(_ types: [String: CELType]) {
        self.types = types.map { ($0.key, $0.value) }
    }

    /// Adds a variable or changes its type.
    public mutating func declare(_ name: String, _ type: CELType) {
        if let index = types.firstIndex(where: { $0.name == name }) {
            types[index].type = type
        } else {
            types.append((name, type))
        }
    }

    /// The type of a variable, `nil` when there is none of that name.
    public func type(of name: String) -> CELType? { types.first { $0.name == name }?.type }

    /// All names, sorted.
    var names: [String] { types.map(\.name).sorted() }
}
