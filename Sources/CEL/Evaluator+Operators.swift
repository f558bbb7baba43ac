// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

extension Evaluator {
    mutating func apply(_ operation: Operation, _ left: CELValue, _ right: CELValue) throws(CELError) -> CELValue {
        do {
            try charge(1)
            switch operation.symbol {
            case .equal: return .bool(try equal(left, right))
            case .notEqual: return .bool(try !equal(left, right))
            case .less: return .bool(try order(left, right) == .less)
            case .greater: return .bool(try order(left, right) == .greater)
            case .lessOrEqual:
                let order = try order(left, right)
                return .bool(order == .less || order == .equal)
            case .greaterOrEqual:
                let order = try order(left, right)
                return .bool(order == .greater || order == .equal)
            case .isIn: return .bool(try contains(right, left))
            case .add, .subtract, .multiply, .divide, .remainder:
                return try arithmetic(operation.symbol, left, right)
            }
        } catch {
            throw error.located(at: operation.offset)
        }
    }

    mutating func arithmetic(
        _ symbol: BinaryOperator,
        _ left: CELValue,
        _ right: CELValue
    ) throws(CELError) -> CELValue {
        switch (left, right) {
        case (.int(let left), .int(let right)): return .int(try Self.integer(symbol, left, right))
        case (.uint(let left), .uint(let right)): return .uint(try Self.integer(symbol, left, right))
        case (.double(let left), .double(let right)):
            switch symbol {
            case .add: return .double(left + right)
            case .subtract: return .double(left - right)
            case .multiply: return .double(left * right)
            case .divide: return .double(left / right)
            default: break
            }
        default:
            if symbol == .add, let sum = try concatenation(left, right) { return sum }
            if let result = try time(symbol, left, right) { return result }
        }
        throw noOverload(symbol, left, right)
    }

    private func noOverload(_ symbol: BinaryOperator, _ left: CELValue, _ right: CELValue) -> CELError {
        let areNumbers = Number(left) != nil && Number(right) != nil && left.typeName != right.typeName
        let hint = areNumbers ? "; convert one with int(…), uint(…) or double(…)" : ""
        let types = "\(article(left.typeName)) and \(article(right.typeName))"
        return .failed("`\(symbol.rawValue)` does not work on \(types)\(hint)")
    }

    private static func integer<Value: FixedWidthInteger>(
        _ symbol: BinaryOperator,
        _ left: Value,
        _ right: Value
    ) throws(CELError) -> Value {
        let result: (partialValue: Value, overflow: Bool)
        switch symbol {
        case .add: result = left.addingReportingOverflow(right)
        case .subtract: result = left.subtractingReportingOverflow(right)
        case .multiply: result = left.multipliedReportingOverflow(by: right)
        case .divide:
            guard right != 0 else { throw .failed("division by zero") }
            result = left.dividedReportingOverflow(by: right)
        default:
            guard right != 0 else { throw .failed("remainder of a division by zero") }
            result = left.remainderReportingOverflow(dividingBy: right)
        }
        guard !result.overflow else { throw .failed("the result of `\(symbol.rawValue)` does not fit 64 bits") }
        return result.partialValue
    }

    private mutating func concatenation(_ left: CELValue, _ right: CELValue) throws(CELError) -> CELValue? {
        switch (left, right) {
        case (.string(let left), .string(let right)):
            try charge(bytes: left.utf8.count + right.utf8.count)
            return .string(left + right)
        case (.bytes(let left), .bytes(let right)):
            try charge(bytes: left.count + right.count)
            return .bytes(left + right)
        default: break
        }
        guard let first = left.elements, let second = right.elements else { return nil }
        try charge(first.count + second.count)
        var values: [CELValue] = []
        values.reserveCapacity(first.count + second.count)
        for index in 0..<first.count { values.append(first[index]) }
        for index in 0..<second.count { values.append(second[index]) }
        return .list(values)
    }

    private func time(
        _ symbol: BinaryOperator,
        _ left: CELValue,
        _ right: CELValue
    ) throws(CELError) -> CELValue? {
        guard symbol == .add || symbol == .subtract, let first = left.nanoseconds, let second = right.nanoseconds else {
            return nil
        }
        let total = symbol == .add ? first + second : first - second
        let result: CELValue?
        switch (left, symbol, right) {
        case (.timestamp, .add, .duration), (.duration, .add, .timestamp), (.timestamp, .subtract, .duration):
            result = .timestamp(nanoseconds: total)
        case (.timestamp, .subtract, .timestamp), (.duration, _, .duration):
            result = .duration(nanoseconds: total)
        default: return nil
        }
        guard let result else { throw .failed("the time is out of range") }
        return result
    }

    mutating func negate(_ node: Node, count: Int, _ offset: Int) throws(CELError) -> CELValue {
        try charge(count)
        var value = try evaluate(node)
        for _ in 0..<count {
            switch value {
            case .int(let number):
                guard number != .min else { throw .failed("the result of `-` does not fit 64 bits", at: offset) }
                value = .int(-number)
            case .double(let number): value = .double(-number)
            default: throw .failed("`-` does not work on \(article(value.typeName))", at: offset)
            }
        }
        return value
    }
}

extension CELValue {
    /// A timestamp since the epoch or a duration; nil for anything else.
    var nanoseconds: Int128? {
        switch self {
        case .timestamp(let seconds, let rest), .duration(let seconds, let rest):
            Int128(seconds) * 1_000_000_000 + Int128(rest)
        default: nil
        }
    }
}
