// Baton
// SPDX-License-Identifier: Apache-2.0

/// A parsed regular expression.
indirect enum RegexSyntax: Sendable {
    case empty
    case scalar(UInt32, ignoresCase: Bool)
    case set(RegexSet)
    case any(includesNewline: Bool)
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

/// A class of characters.
struct RegexSet: Sendable {
    var ranges: [ClosedRange<UInt32>] = []
    /// Classes such as `\D` inside brackets.
    var negatedSets: [RegexSet] = []
    var isNegated = false
    var ignoresCase = false

    /// How much work one look into the set is, in visits of a plain instruction.
    var cost: Int {
        (ranges.count + negatedSets.reduce(0) { $0 + $1.ranges.count } + (ignoresCase ? 8 : 0)) / 4
    }

    func contains(_ scalar: UInt32) -> Bool {
        let variants = ignoresCase ? RegexSet.caseVariants(scalar) : [scalar]
        let isInside = variants.contains { variant in
            ranges.contains { $0.contains(variant) } || negatedSets.contains { !$0.contains(variant) }
        }
        return isInside != isNegated
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
