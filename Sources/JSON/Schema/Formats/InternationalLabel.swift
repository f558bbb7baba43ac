// Baton
// SPDX-License-Identifier: Apache-2.0

/// Labels of host names in any script: which characters they may have (RFC 5892) and in which direction they run
/// (RFC 5893).
///
/// The standard library knows neither joining types nor bidirectional classes; both are taken from the script here,
/// which is right for living scripts.
enum InternationalLabel {
    private typealias Scalars = [Unicode.Scalar]

    static func isValid(_ label: [Unicode.Scalar]) -> Bool {
        guard let first = label.first, let last = label.last, first != "-", last != "-" else { return false }
        if label.count >= 4, label[2] == "-", label[3] == "-" { return false }
        if [.nonspacingMark, .spacingMark, .enclosingMark].contains(first.properties.generalCategory) { return false }
        return label.indices.allSatisfy { isAllowed(label, $0) }
    }

    private static func isAllowed(_ label: Scalars, _ index: Int) -> Bool {
        let scalar = label[index]
        switch scalar.value {
        case 0xDF, 0x3C2, 0x6FD, 0x6FE, 0xF0B, 0x3007: return true
        case 0x640, 0x7FA, 0x302E, 0x302F, 0x3031...0x3035, 0x303B: return false
        case 0x1100...0x11FF, 0xA960...0xA97C, 0xD7B0...0xD7FB: return false
        case 0xB7: return index > 0 && label[index - 1] == "l" && next(label, index) == "l"
        case 0x375: return next(label, index).map(isGreek) ?? false
        case 0x5F3, 0x5F4: return index > 0 && isHebrew(label[index - 1])
        case 0x30FB: return label.contains { isJapanese($0) }
        case 0x660...0x669: return !label.contains { 0x6F0...0x6F9 ~= $0.value }
        case 0x6F0...0x6F9: return !label.contains { 0x660...0x669 ~= $0.value }
        case 0x200D: return isAfterVirama(label, index)
        case 0x200C: return isAfterVirama(label, index) || joins(label, index)
        default: return isLetterOrDigit(scalar)
        }
    }

    private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII {
            return scalar == "-" || TextFormats.isLetterOrDigit(UInt8(scalar.value)) && !("A"..."Z" ~= scalar)
        }
        let properties = scalar.properties
        guard !properties.changesWhenNFKCCaseFolded, !properties.isDefaultIgnorableCodePoint else { return false }
        switch properties.generalCategory {
        case .lowercaseLetter, .uppercaseLetter, .otherLetter, .modifierLetter, .decimalNumber, .nonspacingMark,
            .spacingMark:
            return true
        default: return false
        }
    }

    private static func next(_ label: Scalars, _ index: Int) -> Unicode.Scalar? {
        index + 1 < label.count ? label[index + 1] : nil
    }

    private static func isAfterVirama(_ label: Scalars, _ index: Int) -> Bool {
        index > 0 && label[index - 1].properties.canonicalCombiningClass.rawValue == 9
    }

    private static func isGreek(_ scalar: Unicode.Scalar) -> Bool {
        0x370...0x3FF ~= scalar.value || 0x1F00...0x1FFF ~= scalar.value
    }

    private static func isHebrew(_ scalar: Unicode.Scalar) -> Bool {
        0x591...0x5F4 ~= scalar.value || 0xFB1D...0xFB4F ~= scalar.value
    }

    private static func isJapanese(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x3041...0x309F, 0x30A1...0x30FA, 0x30FC...0x30FF, 0x31F0...0x31FF, 0x3005, 0x3007: true
        default: scalar.properties.isUnifiedIdeograph
        }
    }

    // MARK: Joining

    /// Whether a letter that joins to its left and one that joins to its right are on the two sides, marks aside.
    private static func joins(_ label: Scalars, _ index: Int) -> Bool {
        func isMark(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.generalCategory == .nonspacingMark }
        guard let before = label[..<index].last(where: { !isMark($0) }),
            let after = label[(index + 1)...].first(where: { !isMark($0) })
        else { return false }
        return isArabicLetter(before) && !joinsOnlyBackwards(before) && isArabicLetter(after)
    }

    private static func isArabicLetter(_ scalar: Unicode.Scalar) -> Bool {
        (0x620...0x74F ~= scalar.value || 0x750...0x77F ~= scalar.value || 0x7CA...0x7EA ~= scalar.value
            || 0x8A0...0x8C7 ~= scalar.value) && scalar.properties.generalCategory == .otherLetter
    }

    private static func joinsOnlyBackwards(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x621...0x625, 0x627, 0x629, 0x62F...0x632, 0x648, 0x671...0x677, 0x688...0x699, 0x6C0, 0x6C3...0x6CB,
            0x6CD, 0x6CF, 0x6D2, 0x6D3, 0x6D5, 0x6EE, 0x6EF:
            true
        default: false
        }
    }

    // MARK: Directions

    private enum Direction {
        case left, right, arabicNumber, europeanNumber, mark, neutral
    }

    /// Whether all labels of a name keep the rule of RFC 5893 if any of them runs from right to left.
    static func keepDirections(_ labels: [[Unicode.Scalar]]) -> Bool {
        let directions = labels.map { $0.map(direction) }
        guard directions.contains(where: { $0.contains { $0 == .right || $0 == .arabicNumber } }) else { return true }
        return directions.allSatisfy(keepsDirection)
    }

    private static func keepsDirection(_ label: [Direction]) -> Bool {
        let end = label.last { $0 != .mark }
        switch label.first {
        case .right:
            let hasBothNumbers = label.contains(.arabicNumber) && label.contains(.europeanNumber)
            return !label.contains(.left) && !hasBothNumbers
                && (end == .right || end == .arabicNumber || end == .europeanNumber)
        case .left:
            return !label.contains(.right) && !label.contains(.arabicNumber)
                && (end == .left || end == .europeanNumber)
        default: return false
        }
    }

    private static func direction(_ scalar: Unicode.Scalar) -> Direction {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return .mark
        default: break
        }
        switch scalar.value {
        case 0x30...0x39, 0x6F0...0x6F9: return .europeanNumber
        case 0x660...0x669: return .arabicNumber
        case 0x2D, 0xB7, 0x30FB, 0x200C, 0x200D, 0x375: return .neutral
        case 0x590...0x8FF, 0xFB1D...0xFDFF, 0xFE70...0xFEFF, 0x10800...0x10FFF, 0x1E800...0x1EFFF: return .right
        default: return .left
        }
    }
}
