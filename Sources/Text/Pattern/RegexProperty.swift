// Baton
// SPDX-License-Identifier: Apache-2.0

/// A property of characters, the `L` of `\p{L}`.
enum RegexProperty: Sendable {
    case category(Set<Unicode.GeneralCategory>)
    case script([ClosedRange<UInt32>])
    case any, ascii, assigned
    case alphabetic, lowercase, uppercase, whiteSpace, emoji, identifierStart, identifierContinue, ideographic

    /// A property or its opposite.
    struct Test: Sendable {
        let property: RegexProperty
        var isNegated = false

        func holds(_ value: UInt32) -> Bool {
            guard let scalar = Unicode.Scalar(value) else { return isNegated }
            return property.holds(scalar) != isNegated
        }
    }

    /// Finds what is between the braces: a category, a script, a property, or `name=value`.
    init?(named name: String) {
        let parts = name.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        if parts.count == 2 {
            switch parts[0] {
            case "gc", "General_Category":
                guard let categories = Self.categories(parts[1]) else { return nil }
                self = .category(categories)
            case "sc", "Script", "scx", "Script_Extensions":
                guard let ranges = RegexScript.named[parts[1]] else { return nil }
                self = .script(ranges)
            default: return nil
            }
        } else if let categories = Self.categories(name) {
            self = .category(categories)
        } else if let property = Self.binary[name] {
            self = property
        } else if let ranges = RegexScript.named[name] {
            // RE2 writes scripts without `Script=`; ECMA-262 has no property of such a name.
            self = .script(ranges)
        } else {
            return nil
        }
    }

    func holds(_ scalar: Unicode.Scalar) -> Bool {
        switch self {
        case .category(let categories): categories.contains(scalar.properties.generalCategory)
        case .script(let ranges): ranges.contains { $0.contains(scalar.value) }
        case .any: true
        case .ascii: scalar.isASCII
        case .assigned: scalar.properties.generalCategory != .unassigned
        case .alphabetic: scalar.properties.isAlphabetic
        case .lowercase: scalar.properties.isLowercase
        case .uppercase: scalar.properties.isUppercase
        case .whiteSpace: scalar.properties.isWhitespace
        case .emoji: scalar.properties.isEmoji
        case .identifierStart: scalar.properties.isIDStart
        case .identifierContinue: scalar.properties.isIDContinue
        case .ideographic: scalar.properties.isIdeographic
        }
    }

    private static let binary: [String: RegexProperty] = [
        "Any": .any, "ASCII": .ascii, "Assigned": .assigned, "Alphabetic": .alphabetic, "Alpha": .alphabetic,
        "Lowercase": .lowercase, "Lower": .lowercase, "Uppercase": .uppercase, "Upper": .uppercase,
        "White_Space": .whiteSpace, "space": .whiteSpace, "Emoji": .emoji, "ID_Start": .identifierStart,
        "IDS": .identifierStart, "ID_Continue": .identifierContinue, "IDC": .identifierContinue,
        "Ideographic": .ideographic, "Ideo": .ideographic,
    ]

    /// A category or a group of them by short or long name.
    private static func categories(_ name: String) -> Set<Unicode.GeneralCategory>? {
        if let group = groups.first(where: { $0.short == name || $0.long == name }) {
            return Set(kinds.filter { $0.short.hasPrefix(group.short) }.map(\.category))
        }
        if name == "LC" || name == "Cased_Letter" { return [.uppercaseLetter, .lowercaseLetter, .titlecaseLetter] }
        return kinds.first { $0.short == name || $0.long == name }.map { [$0.category] }
    }

    private static let groups: [(short: String, long: String)] = [
        ("L", "Letter"), ("M", "Mark"), ("M", "Combining_Mark"), ("N", "Number"), ("P", "Punctuation"), ("P", "punct"),
        ("S", "Symbol"), ("Z", "Separator"), ("C", "Other"),
    ]

    private static let kinds: [(short: String, long: String, category: Unicode.GeneralCategory)] = [
        ("Lu", "Uppercase_Letter", .uppercaseLetter), ("Ll", "Lowercase_Letter", .lowercaseLetter),
        ("Lt", "Titlecase_Letter", .titlecaseLetter), ("Lm", "Modifier_Letter", .modifierLetter),
        ("Lo", "Other_Letter", .otherLetter), ("Mn", "Nonspacing_Mark", .nonspacingMark),
        ("Mc", "Spacing_Mark", .spacingMark), ("Me", "Enclosing_Mark", .enclosingMark),
        ("Nd", "Decimal_Number", .decimalNumber), ("Nd", "digit", .decimalNumber),
        ("Nl", "Letter_Number", .letterNumber), ("No", "Other_Number", .otherNumber),
        ("Pc", "Connector_Punctuation", .connectorPunctuation), ("Pd", "Dash_Punctuation", .dashPunctuation),
        ("Ps", "Open_Punctuation", .openPunctuation), ("Pe", "Close_Punctuation", .closePunctuation),
        ("Pi", "Initial_Punctuation", .initialPunctuation), ("Pf", "Final_Punctuation", .finalPunctuation),
        ("Po", "Other_Punctuation", .otherPunctuation), ("Sm", "Math_Symbol", .mathSymbol),
        ("Sc", "Currency_Symbol", .currencySymbol), ("Sk", "Modifier_Symbol", .modifierSymbol),
        ("So", "Other_Symbol", .otherSymbol), ("Zs", "Space_Separator", .spaceSeparator),
        ("Zl", "Line_Separator", .lineSeparator), ("Zp", "Paragraph_Separator", .paragraphSeparator),
        ("Cc", "Control", .control), ("Cc", "cntrl", .control), ("Cf", "Format", .format),
        ("Cs", "Surrogate", .surrogate),
        ("Co", "Private_Use", .privateUse), ("Cn", "Unassigned", .unassigned),
    ]
}
