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

    /// How many arguments each form takes, the receiver not counted; nil where the form does not exist.
    struct Signature {
        var global: ClosedRange<Int>?
        var receiver: ClosedRange<Int>?
    }

    var signature: Signature {
        switch self {
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
        }
    }

    /// Finds the function that a call means.
    ///
    /// - Parameter count: The arguments inside the parentheses.
    static func resolve(_ name: String, count: Int, hasReceiver: Bool, at offset: Int) throws(CELError) -> Function {
        guard let function = Function(rawValue: name) else {
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
        let macros = ["has", "default", "all", "exists", "exists_one", "map", "filter"]
        return speller.nearest(to: String(name.prefix(64)), among: allCases.map(\.rawValue) + macros)
    }
}
