// Baton
// SPDX-License-Identifier: Apache-2.0

// Rounding of doubles calls the C library of mathematics, which only this import makes the linker look for.
import Glibc

extension Evaluator {
    /// Functions of `math` on one number.
    func math(_ function: Function, _ value: CELValue) throws(CELError) -> CELValue {
        switch (function, value) {
        case (.ceil, .double(let number)): return .double(number.rounded(.up))
        case (.floor, .double(let number)): return .double(number.rounded(.down))
        case (.mathRound, .double(let number)): return .double(number.rounded(.toNearestOrAwayFromZero))
        case (.trunc, .double(let number)): return .double(number.rounded(.towardZero))
        case (.isNaN, .double(let number)): return .bool(number.isNaN)
        case (.isInf, .double(let number)): return .bool(number.isInfinite)
        case (.isFinite, .double(let number)): return .bool(number.isFinite)
        case (.abs, .double(let number)): return .double(number.magnitude)
        case (.abs, .uint): return value
        case (.abs, .int(let number)):
            guard number != .min else { throw .failed("the result of `math.abs` does not fit 64 bits") }
            return .int(Swift.abs(number))
        case (.sign, .double(let number)): return .double(number.isNaN ? number : number > 0 ? 1 : number < 0 ? -1 : 0)
        case (.sign, .int(let number)): return .int(number.signum())
        case (.sign, .uint(let number)): return .uint(number == 0 ? 0 : 1)
        case (.sqrt, _):
            guard let number = Number(value) else { throw unsuitable(function, value) }
            return .double(number.asDouble.squareRoot())
        default: throw unsuitable(function, value)
        }
    }

    /// Functions of `math` on bits.
    mutating func bits(_ function: Function, _ value: CELValue, _ nodes: [Node]) throws(CELError) -> CELValue {
        guard let node = nodes.first else {
            switch value {
            case .int(let number): return .int(~number)
            case .uint(let number): return .uint(~number)
            default: throw unsuitable(function, value)
            }
        }
        let other = try evaluate(node)
        if function == .bitShiftLeft || function == .bitShiftRight { return try shift(function, value, other) }
        switch (value, other) {
        case (.int(let left), .int(let right)): return .int(Self.combine(function, left, right))
        case (.uint(let left), .uint(let right)): return .uint(Self.combine(function, left, right))
        default: throw .failed("`\(function.rawValue)` needs two ints or two uints")
        }
    }

    private static func combine<Value: FixedWidthInteger>(_ function: Function, _ left: Value, _ right: Value) -> Value
    {
        switch function {
        case .bitAnd: left & right
        case .bitOr: left | right
        default: left ^ right
        }
    }

    /// Zeros are moved in from both sides, also for negative numbers.
    private func shift(_ function: Function, _ value: CELValue, _ distance: CELValue) throws(CELError) -> CELValue {
        guard case .int(let distance) = distance else { throw .failed("`\(function.rawValue)` shifts by an int") }
        guard distance >= 0 else { throw .failed("`\(function.rawValue)` shifts by 0 or more") }
        let count = Int(Swift.min(distance, 64))
        func moved(_ bits: UInt64) -> UInt64 { function == .bitShiftLeft ? bits << count : bits >> count }
        switch value {
        case .int(let number): return .int(Int64(bitPattern: moved(UInt64(bitPattern: number))))
        case .uint(let number): return .uint(moved(number))
        default: throw unsuitable(function, value)
        }
    }
}
