// Baton
// SPDX-License-Identifier: Apache-2.0

/// Header fields in order; names in lower case, so that looking one up is comparing.
public struct HTTPHeaders: Sendable, Hashable, ExpressibleByDictionaryLiteral, CustomStringConvertible {
    /// One field.
    public struct Field: Sendable, Hashable {
        /// In lower case.
        public let name: String
        /// Without blanks around it.
        public let value: String
    }

    /// In the order they came or were added.
    public private(set) var fields: [Field] = []

    /// No fields.
    public init() {}

    /// Fields in that order; names in any case.
    public init(dictionaryLiteral elements: (String, String)...) {
        fields.reserveCapacity(elements.count)
        for (name, value) in elements { add(name, value) }
    }

    /// The value of the first field with that name (any case); setting replaces all of them, `nil` removes them.
    public subscript(name: String) -> String? {
        get { first(Self.lowercase(name)) }
        set {
            let name = Self.lowercase(name)
            guard let place = fields.firstIndex(where: { $0.name == name }) else {
                if let newValue { fields.append(Field(name: name, value: newValue)) }
                return
            }
            fields.removeAll { $0.name == name }
            if let newValue { fields.insert(Field(name: name, value: newValue), at: place) }
        }
    }

    /// The values of all fields with that name (any case), in order.
    public func values(_ name: String) -> [String] {
        let name = Self.lowercase(name)
        return fields.compactMap { $0.name == name ? $0.value : nil }
    }

    /// The parts of all fields with that name, which hold lists separated by commas; blanks and empty parts removed.
    public func list(_ name: String) -> [Substring] {
        values(name).flatMap { $0.split(separator: ",") }.map(trimmed).filter { !$0.isEmpty }
    }

    /// Adds a field beside those with the same name.
    public mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: Self.lowercase(name), value: value))
    }

    /// One `name: value` per line.
    public var description: String {
        fields.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
    }

    /// The first that cannot be put on a wire: a name that is no token, or a value with a control character.
    var defect: Field? {
        fields.first { field in
            let isName = !field.name.isEmpty && field.name.utf8.allSatisfy(Characters.isToken)
            return !isName || !field.value.utf8.allSatisfy(Characters.isInValue)
        }
    }

    /// The value of the first field with that name, which is in lower case.
    func first(_ name: String) -> String? {
        for field in fields where field.name == name { return field.value }
        return nil
    }

    /// Adds a field whose name is in lower case already.
    mutating func append(lowercase name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    private static func lowercase(_ name: String) -> String {
        name.utf8.contains { $0 &- 65 < 26 } ? name.lowercased() : name
    }
}

/// Without spaces and tabs around it.
func trimmed(_ text: Substring) -> Substring {
    let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    var text = text.drop(while: isBlank)
    while let last = text.last, isBlank(last) { text.removeLast() }
    return text
}
