// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import Store

/// What may be known of a secret: everything but its value.
public struct SecretDescription: Sendable, Equatable {
    /// Where it counts.
    public let scope: SecretScope
    /// The name.
    public let name: String
    /// Rises by one with every value.
    public let version: Int
    /// How it came to be.
    public let kind: SecretKind
    /// When the first value came.
    public let createdAt: Timestamp
    /// When this value came.
    public let updatedAt: Timestamp
    /// Who gave it.
    public let updatedBy: String

    init(_ row: SecretRow) {
        (scope, name, version, kind) = (row.key.scope, row.key.name, row.version, row.kind)
        (createdAt, updatedAt, updatedBy) = (row.createdAt, row.updatedAt, row.updatedBy)
    }
}

/// Names of secrets and sizes of values.
public enum SecretRules {
    /// Shorter values cannot be masked without masking everything.
    public static let sizes = 4...65_536

    /// Whether that can be a secret's name: 1 to 100 letters, digits, `_`, `-` and `.`, the first a letter or `_`.
    public static func isName(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard (1...100).contains(bytes.count), let first = bytes.first else { return false }
        func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte) || (97...122).contains(byte) || byte == 95 }
        return isLetter(first)
            && bytes.allSatisfy {
                isLetter($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
            }
    }

    static func check(name: String) throws(SecretError) {
        guard isName(name) else {
            throw SecretError(
                .invalid,
                "A secret's name has 1 to 100 letters, digits, `_`, `-` and `.`, and begins with a letter or `_`."
            )
        }
    }

    static func check(scope: SecretScope) throws(SecretError) {
        switch scope {
        case .tenant: return
        case .project(let name), .application(let name), .webhook(let name):
            let isPrintable = name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
            guard (1...200).contains(name.utf8.count), isPrintable else {
                throw SecretError(.invalid, "The name in a scope has 1 to 200 bytes, all printable.")
            }
        }
    }

    static func check(value: [UInt8]) throws(SecretError) {
        guard sizes.contains(value.count) else {
            throw SecretError(
                .invalid,
                "A secret has \(sizes.lowerBound) to \(sizes.upperBound) bytes, not \(value.count): shorter ones cannot be "
                    + "masked."
            )
        }
    }
}
