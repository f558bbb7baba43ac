// Baton
// SPDX-License-Identifier: Apache-2.0

import Text

/// A checked expression. Long chains of one kind are flat lists, so that depth is bounded by brackets only.
indirect enum Node: Sendable {
    case constant(CELValue)
    /// A variable of a comprehension, by its place on the stack.
    case local(Int)
    case variable(String, offset: Int)
    case list([Node])
    /// A list in which `?` stands before some elements.
    case sparseList([(value: Node, isOptional: Bool)], offset: Int)
    case map([MapEntry], offset: Int)
    /// `!` that many times.
    case not(Node, count: Int, offset: Int)
    /// Unary `-` that many times.
    case negate(Node, count: Int, offset: Int)
    case and([Node], offset: Int)
    case or([Node], offset: Int)
    /// `a ? b : c ? d : e`.
    case conditional([(condition: Node, value: Node)], otherwise: Node, offset: Int)
    /// Operators of one precedence, from left to right.
    case binary(Node, [Operation])
    /// Selections and calls, from left to right.
    case chain(Node, [Link])
    case has(Node, field: String, offset: Int)
    /// `default(x, y)`.
    case fallback(Node, Node)
    /// `cel.bind(name, x, body)`; the value is the next on the stack.
    case bind(Node, body: Node)
    /// A mistake that only counts when this part is reached.
    case broken(CELError)
}

struct MapEntry: Sendable {
    let key: Node
    let value: Node
    /// `?` stands before the key, and the entry is left out when the value is an empty optional.
    let isOptional: Bool
}

struct Operation: Sendable {
    let symbol: BinaryOperator
    let right: Node
    let offset: Int
}

enum BinaryOperator: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case remainder = "%"
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case isIn = "in"
}

/// One step to the right in `a.b[c].d(e)`.
struct Link: Sendable {
    enum Kind: Sendable {
        case field(String)
        case index(Node)
        /// `.?name`.
        case optionalField(String)
        /// `[?key]`.
        case optionalIndex(Node)
        /// The value on the left is the first argument.
        case call(Function, [Node])
        /// `matches` with a constant pattern.
        case matches(Pattern)
        case comprehension(Comprehension)
    }

    let kind: Kind
    let offset: Int
}

/// A macro with variables of its own, for most over a list or a map.
struct Comprehension: Sendable {
    enum Kind: String, Sendable {
        case all, exists, filter, map
        case existsOne = "exists_one"
        case transformList, transformMap, transformMapEntry
        case optMap, optFlatMap, sortBy
    }

    let kind: Kind
    /// The variable's place on the stack.
    let slot: Int
    /// There is a second variable in the place after it; the two are index and element or key and value.
    let isPair: Bool
    /// The condition before the body of `map`, `transformList` and so on.
    let condition: Node?
    let body: Node
}
