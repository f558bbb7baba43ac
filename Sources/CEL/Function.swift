// Baton
// SPDX-License-Identifier: Apache-2.0

import Text

/// The functions of the language and those we add; every one takes its first argument from the left of the point
/// or from inside the parentheses.
enum Function: String, Sendable, CaseIterable {
    case size, matches, contains, startsWith, endsWith
    case type, int, uint, double, string, bytes, bool, timestamp, duration, dyn
    case getFullYear, getMonth, getDate, getDayOfMonth, getDayOfYear, getDayOfWeek
    case getHours, getMinutes, getSeconds, getMilliseconds
    case lower, upper, trim, split, join, replace
    case json, sha256, round, sum, min, max, avg
    case parseJSON = "parse_json"
    /// Stands for a value that only the request that sends it gets.
    case secret
    case charAt, indexOf, lastIndexOf, substring, lowerAscii, upperAscii, reverse, format
    case quote = "strings.quote"
    case slice, flatten, distinct, sort, first, last
    case range = "lists.range"
    case setContains = "sets.contains"
    case setEquivalent = "sets.equivalent"
    case setIntersects = "sets.intersects"
    case encode = "base64.encode"
    case decode = "base64.decode"
    case optionalOf = "optional.of"
    case optionalNone = "optional.none"
    case optionalOfNonZeroValue = "optional.ofNonZeroValue"
    case optionalUnwrap = "optional.unwrap"
    case unwrapOpt, hasValue, value, or, orValue
    case greatest = "math.greatest"
    case least = "math.least"
    case ceil = "math.ceil"
    case floor = "math.floor"
    case mathRound = "math.round"
    case trunc = "math.trunc"
    case sqrt = "math.sqrt"
    case abs = "math.abs"
    case sign = "math.sign"
    case isNaN = "math.isNaN"
    case isInf = "math.isInf"
    case isFinite = "math.isFinite"
    case bitAnd = "math.bitAnd"
    case bitOr = "math.bitOr"
    case bitXor = "math.bitXor"
    case bitNot = "math.bitNot"
    case bitShiftLeft = "math.bitShiftLeft"
    case bitShiftRight = "math.bitShiftRight"
    case ip, cidr, isIP, isCIDR
    case isCanonical = "ip.isCanonical"
    case family, isUnspecified, isLoopback, isGlobalUnicast, isLinkLocalMulticast, isLinkLocalUnicast
    case containsIP, containsCIDR, masked, prefixLength
    /// The place of a call that is wrong, where that may be found out late.
    case failing = "\0"

    /// First words of functions with a point in their name.
    static let namespaces = Set(
        allCases.compactMap { $0.rawValue.split(separator: ".").dropLast().first.map(String.init) }
    )
    .union(["cel"])

    /// How many arguments each form takes, the receiver not counted; nil where the form does not exist.
    struct Signature {
        var global: ClosedRange<Int>?
        var receiver: ClosedRange<Int>?
    }

    var signature: Signature {
        switch self {
        case .secret: Signature(global: 1...1, receiver: nil)
        case .size, .lower, .upper, .trim, .json, .parseJSON, .sha256, .sum, .avg:
            Signature(global: 1...1, receiver: 0...0)
        case .matches: Signature(global: 2...2, receiver: 1...1)
        case .contains, .startsWith, .endsWith: Signature(global: nil, receiver: 1...1)
        case .type, .int, .uint, .double, .string, .bytes, .bool, .timestamp, .duration, .dyn:
            Signature(global: 1...1, receiver: nil)
        case .getFullYear, .getMonth, .getDate, .getDayOfMonth, .getDayOfYear, .getDayOfWeek,
            .getHours, .getMinutes, .getSeconds, .getMilliseconds:
            Signature(global: nil, receiver: 0...1)
        case .split: Signature(global: 2...3, receiver: 1...2)
        case .join: Signature(global: 1...2, receiver: 0...1)
        case .replace: Signature(global: 3...4, receiver: 2...3)
        case .round: Signature(global: 1...2, receiver: 0...1)
        case .min, .max: Signature(global: 1...64, receiver: 0...0)
        case .charAt, .or, .orValue, .format, .containsIP, .containsCIDR: Signature(global: nil, receiver: 1...1)
        case .indexOf, .lastIndexOf, .substring: Signature(global: nil, receiver: 1...2)
        case .slice: Signature(global: nil, receiver: 2...2)
        case .flatten: Signature(global: nil, receiver: 0...1)
        case .lowerAscii, .upperAscii, .reverse, .distinct, .sort, .first, .last, .unwrapOpt, .hasValue, .value,
            .family,
            .isUnspecified, .isLoopback, .isGlobalUnicast, .isLinkLocalMulticast, .isLinkLocalUnicast, .masked,
            .prefixLength:
            Signature(global: nil, receiver: 0...0)
        case .ip: Signature(global: 1...1, receiver: 0...0)
        case .quote, .range, .encode, .decode, .optionalOf, .optionalOfNonZeroValue, .optionalUnwrap, .ceil, .floor,
            .mathRound, .trunc, .sqrt, .abs, .sign, .isNaN, .isInf, .isFinite, .bitNot, .cidr, .isIP, .isCIDR,
            .isCanonical:
            Signature(global: 1...1, receiver: nil)
        case .setContains, .setEquivalent, .setIntersects, .bitAnd, .bitOr, .bitXor, .bitShiftLeft, .bitShiftRight:
            Signature(global: 2...2, receiver: nil)
        case .greatest, .least: Signature(global: 1...64, receiver: nil)
        case .optionalNone: Signature(global: 0...0, receiver: nil)
        case .failing: Signature(global: nil, receiver: nil)
        }
    }

    /// Finds the function that a call means.
    ///
    /// - Parameter count: The arguments inside the parentheses.
    static func resolve(_ name: String, count: Int, hasReceiver: Bool, at offset: Int) throws(CELError) -> Function {
        // The name with a point belongs to a call without a receiver.
        let known = Function(rawValue: name).flatMap { hasReceiver && name.contains(".") ? nil : $0 }
        guard let function = known, function != .failing else {
            let hint = nearest(to: name).map { "; did you mean `\($0)`?" } ?? ""
            throw CELError(code: .unknownFunction, message: "there is no function `\(name)`\(hint)", offset: offset)
        }
        let signature = function.signature
        guard let accepted = hasReceiver ? signature.receiver : signature.global else {
            let form = hasReceiver ? "\(name)(x)" : "x.\(name)(…)"
            throw CELError(code: .unknownFunction, message: "write `\(form)` to call `\(name)`", offset: offset)
        }
        guard accepted.contains(count) else {
            throw wrongCount(name, count: count, accepted: accepted, at: offset)
        }
        return function
    }

    static func wrongCount(_ name: String, count: Int, accepted: ClosedRange<Int>, at offset: Int) -> CELError {
        let wanted =
            accepted.lowerBound == accepted.upperBound
            ? "\(accepted.lowerBound)" : "\(accepted.lowerBound) to \(accepted.upperBound)"
        let noun = wanted == "1" ? "argument" : "arguments"
        return CELError(
            code: .unknownFunction,
            message: "`\(name)` takes \(wanted) \(noun) here, not \(count)",
            offset: offset
        )
    }

    /// A known name close to the given one.
    private static func nearest(to name: String) -> String? {
        var speller = Speller()
        let macros = [
            "has", "default", "all", "exists", "exists_one", "map", "filter", "transformList", "transformMap",
            "transformMapEntry", "optMap", "optFlatMap", "sortBy", "cel.bind",
        ]
        return speller.nearest(to: String(name.prefix(64)), among: allCases.map(\.rawValue) + macros)
    }
}
