// Baton
// SPDX-License-Identifier: Apache-2.0

import Hashing
import JSON
import Text

extension Evaluator {
    /// Calls a function; `nodes` are the arguments after the first.
    mutating func call(_ function: Function, _ value: CELValue, _ nodes: [Node]) throws(CELError) -> CELValue {
        switch function {
        case .size: return .int(Int64(try size(value)))
        case .type: return .type(value.typeName)
        case .dyn: return value
        case .int, .uint, .double, .bool, .string, .bytes, .timestamp, .duration:
            return try convert(function, value)
        case .matches: return .bool(try matches(value, try pattern(try text(nodes[0], function))))
        case .contains, .startsWith, .endsWith, .lower, .upper, .trim, .split, .join, .replace:
            return try text(function, value, nodes)
        case .charAt, .indexOf, .lastIndexOf, .substring, .lowerAscii, .upperAscii, .quote:
            return try place(function, value, nodes)
        case .format: return .string(try format(value, nodes[0]))
        case .encode, .decode: return try base64(function, value)
        case .reverse, .slice, .flatten, .distinct, .sort, .first, .last, .range:
            return try list(function, value, nodes)
        case .setContains, .setEquivalent, .setIntersects: return .bool(try compareSets(function, value, nodes[0]))
        case .optionalOf, .optionalNone, .optionalOfNonZeroValue, .optionalUnwrap, .unwrapOpt, .hasValue, .value, .or,
            .orValue:
            return try optional(function, value, nodes)
        case .greatest, .least:
            if nodes.isEmpty, Number(value) != nil { return value }
            return try aggregate(function == .greatest ? .max : .min, value, nodes)
        case .ceil, .floor, .mathRound, .trunc, .sqrt, .abs, .sign, .isNaN, .isInf, .isFinite:
            return try math(function, value)
        case .bitAnd, .bitOr, .bitXor, .bitNot, .bitShiftLeft, .bitShiftRight: return try bits(function, value, nodes)
        case .ip, .cidr, .isIP, .isCIDR, .isCanonical, .family, .isUnspecified, .isLoopback, .isGlobalUnicast,
            .isLinkLocalMulticast, .isLinkLocalUnicast, .containsIP, .containsCIDR, .masked, .prefixLength:
            return try network(function, value, nodes)
        case .failing: return try evaluate(nodes[0])
        case .getFullYear, .getMonth, .getDate, .getDayOfMonth, .getDayOfYear, .getDayOfWeek,
            .getHours, .getMinutes, .getSeconds, .getMilliseconds:
            return try timePart(function, value, nodes)
        case .json: return .string(try canonicalText(value))
        case .parseJSON: return try parse(value)
        case .sha256: return try digest(value)
        case .secret:
            guard case .string(let name) = value else { throw unsuitable(function, value) }
            guard let handle = secretHandle(name) else {
                throw .failed("a secret has no value here; only the request that sends it gets it")
            }
            return .string(handle)
        case .round: return try round(value, nodes.first)
        case .sum, .min, .max, .avg: return try aggregate(function, value, nodes)
        }
    }

    func unsuitable(_ function: Function, _ value: CELValue) -> CELError {
        .failed("`\(function.rawValue)` does not work on \(article(value.typeName))")
    }

    private mutating func size(_ value: CELValue) throws(CELError) -> Int {
        switch value {
        case .string(let text):
            try charge(bytes: text.utf8.count)
            return text.unicodeScalars.count
        case .bytes(let bytes): return bytes.count
        default:
            guard let elements = value.iterated else { throw unsuitable(.size, value) }
            return elements.count
        }
    }

    mutating func matches(_ value: CELValue, _ pattern: Pattern) throws(CELError) -> Bool {
        guard case .string(let text) = value else { throw unsuitable(.matches, value) }
        let allowed = Swift.min(stepsLeft, .max / Self.visitsPerStep) * Self.visitsPerStep
        var visits = allowed
        let result = pattern.matches(text, visits: &visits)
        try charge((allowed - visits) / Self.visitsPerStep)
        guard let result else { throw exhausted }
        return result
    }

    /// Compiles a pattern that became known during the evaluation; its size counts as steps.
    private mutating func pattern(_ source: String) throws(CELError) -> Pattern {
        try charge(source.utf8.count)
        let pattern: Pattern
        do { pattern = try Pattern(source) } catch {
            throw CELError(code: error.code == .limit ? .limit : .failed, message: error.message)
        }
        try charge(pattern.size)
        return pattern
    }

    private mutating func parse(_ value: CELValue) throws(CELError) -> CELValue {
        guard case .string(let text) = value else { throw unsuitable(.parseJSON, value) }
        try charge(text.utf8.count / 8)
        do { return CELValue(try JSONValue(parsing: text)) } catch {
            throw .failed("the text is not JSON: \(error.message)")
        }
    }

    private mutating func digest(_ value: CELValue) throws(CELError) -> CELValue {
        let bytes: [UInt8]
        switch value {
        case .string(let text): bytes = Array(text.utf8)
        case .bytes(let content): bytes = content
        default: throw unsuitable(.sha256, value)
        }
        try charge(bytes: bytes.count)
        return .string(SHA256.hex(bytes))
    }

    /// Half away from zero, to 0 to 15 decimals.
    private mutating func round(_ value: CELValue, _ node: Node?) throws(CELError) -> CELValue {
        var decimals: Int64 = 0
        if let node {
            guard case .int(let count) = try evaluate(node), (0...15).contains(count) else {
                throw .failed("`round` takes 0 to 15 decimals")
            }
            decimals = count
        }
        switch value {
        case .int, .uint: return value
        case .double(let number):
            var scale = 1.0
            for _ in 0..<decimals { scale *= 10 }
            let scaled = number * scale
            // From 2^53 on there are no decimals left to round.
            guard scaled.magnitude < 0x1p53 else { return value }
            return .double(scaled.rounded(.toNearestOrAwayFromZero) / scale)
        default: throw unsuitable(.round, value)
        }
    }

    private mutating func aggregate(_ function: Function, _ value: CELValue, _ nodes: [Node]) throws(CELError)
        -> CELValue
    {
        var values = value.elements
        if !nodes.isEmpty {
            var given = [value]
            for node in nodes { given.append(try evaluate(node)) }
            values = .values(given)
        }
        guard let values else { throw unsuitable(function, value) }
        try charge(values.count)
        switch function {
        case .sum: return try sum(values)
        case .avg:
            guard values.count > 0 else { throw .failed("`avg` of an empty list") }
            guard let total = Number(try sum(values)) else { throw .failed("`avg` needs numbers") }
            return .double(total.asDouble / Double(values.count))
        default: return try extreme(function, values)
        }
    }

    /// Numbers of one type keep it; a list that mixes them, as JSON documents do, adds up to a double.
    private mutating func sum(_ values: Elements) throws(CELError) -> CELValue {
        guard values.count > 0 else { return .int(0) }
        var total = values[0]
        guard Number(total) != nil else { throw unsuitable(.sum, total) }
        for index in 1..<Swift.max(1, values.count) {
            guard let left = Number(total), let right = Number(values[index]) else {
                throw unsuitable(.sum, values[index])
            }
            if total.typeName == values[index].typeName {
                total = try arithmetic(.add, total, values[index])
            } else {
                total = .double(left.asDouble + right.asDouble)
            }
        }
        return total
    }

    private mutating func extreme(_ function: Function, _ values: Elements) throws(CELError) -> CELValue {
        guard values.count > 0 else { throw .failed("`\(function.rawValue)` of an empty list") }
        let wanted: Order = function == .min ? .less : .greater
        var best = values[0]
        // Compared with itself so that one element that has no order is refused as well.
        for index in 0..<values.count where try order(values[index], best) == wanted { best = values[index] }
        return best
    }
}
