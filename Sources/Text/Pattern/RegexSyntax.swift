// Baton
// SPDX-License-Identifier: Apache-2.0

/// A parsed regular expression.
indirect enum RegexSyntax: Sendable {
    case empty
    case scalar(UInt32)
    /// A class of characters by its place in the parser's table.
    case set(Int)
    case assertion(RegexAssertion)
    case sequence([RegexSyntax])
    case alternatives([RegexSyntax])
    /// No `maximum` means without end.
    case repetition(RegexSyntax, minimum: Int, maximum: Int?)
}

/// A condition on a place between two characters.
enum RegexAssertion: Sendable {
    case textStart, textEnd, lineStart, lineEnd, wordBoundary, notWordBoundary
}

/// A class of characters as it is written.
struct RegexSet: Sendable {
    var ranges: [ClosedRange<UInt32>] = []
    var properties: [RegexProperty.Test] = []
    var isNegated = false
    var ignoresCase = false

    /// Puts what another class matches into this one.
    mutating func formUnion(_ other: RegexSet) {
        if other.isNegated {
            ranges += Self.complement(other.ranges)
            properties += other.properties.map { .init(property: $0.property, isNegated: !$0.isNegated) }
        } else {
            ranges += other.ranges
            properties += other.properties
        }
    }

    /// Sorted and without overlap.
    static func merged(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var result: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            guard let last = result.last, range.lowerBound <= last.upperBound + 1 else {
                result.append(range)
                continue
            }
            result[result.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
        }
        return result
    }

    private static func complement(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var result: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in merged(ranges) {
            if next < range.lowerBound { result.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next <= 0x10FFFF { result.append(next...0x10FFFF) }
        return result
    }

    /// The scalar and its upper and lower case where that is one scalar.
    static func caseVariants(_ scalar: UInt32) -> [UInt32] {
        guard let value = Unicode.Scalar(scalar) else { return [scalar] }
        var variants = [scalar]
        for mapping in [value.properties.lowercaseMapping, value.properties.uppercaseMapping] {
            let scalars = mapping.unicodeScalars
            if scalars.count == 1, let only = scalars.first, only.value != scalar { variants.append(only.value) }
        }
        return variants
    }

    static let digits = RegexSet(ranges: [48...57])
    static let word = RegexSet(ranges: [48...57, 65...90, 95...95, 97...122])
    static let blanks = RegexSet(ranges: [9...10, 12...13, 32...32])
    /// White space and line ends of ECMA-262.
    static let ecmaBlanks = RegexSet(ranges: [
        9...13, 32...32, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
        0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
    ])
    static let everything = RegexSet(ranges: [0...0x10FFFF])
    static let newline = RegexSet(ranges: [10...10])
    static let ecmaNewlines = RegexSet(ranges: [10...10, 13...13, 0x2028...0x2029])

    /// The classes that are written `[:name:]` inside brackets.
    static let named: [String: RegexSet] = [
        "alnum": RegexSet(ranges: [48...57, 65...90, 97...122]),
        "alpha": RegexSet(ranges: [65...90, 97...122]),
        "ascii": RegexSet(ranges: [0...127]),
        "blank": RegexSet(ranges: [9...9, 32...32]),
        "cntrl": RegexSet(ranges: [0...31, 127...127]),
        "digit": digits,
        "graph": RegexSet(ranges: [33...126]),
        "lower": RegexSet(ranges: [97...122]),
        "print": RegexSet(ranges: [32...126]),
        "punct": RegexSet(ranges: [33...47, 58...64, 91...96, 123...126]),
        "space": RegexSet(ranges: [9...13, 32...32]),
        "upper": RegexSet(ranges: [65...90]),
        "word": word,
        "xdigit": RegexSet(ranges: [48...57, 65...70, 97...102]),
    ]
}
