// Baton
// SPDX-License-Identifier: Apache-2.0

/// One form of a function: what it takes and what it gives.
struct Overload: Sendable {
    /// A type in which letters stand for any type, the same letter for the same one.
    indirect enum Pattern: Sendable {
        case exact(CELType)
        case any(Character)
        case list(Pattern)
        case map(Pattern, Pattern)
        case optional(Pattern)
    }

    let parameters: [Pattern]
    let result: Pattern

    /// The result for arguments of these types, nil when they do not fit.
    func result(_ arguments: [CELType]) -> CELType? {
        guard arguments.count == parameters.count else { return nil }
        var known: [Character: CELType] = [:]
        for (parameter, argument) in zip(parameters, arguments) {
            guard Self.accepts(parameter, argument, &known) else { return nil }
        }
        return Self.substitute(result, known)
    }

    private static func accepts(_ pattern: Pattern, _ type: CELType, _ known: inout [Character: CELType]) -> Bool {
        switch (pattern, type) {
        case (.any(let name), _):
            known[name] = known[name].map { $0.joined(type) } ?? type
            return true
        case (_, .dyn): return true
        case (.exact(.int), .number), (.exact(.double), .number), (.exact(.dyn), _): return true
        case (.exact(.number), _): return type.isNumeric
        case (.exact(let wanted), _): return wanted == type
        case (.list(let inner), .list(let element)): return accepts(inner, element, &known)
        case (.optional(let inner), .optional(let content)): return accepts(inner, content, &known)
        case (.map(let key, let value), .map(let keyType, let valueType)):
            return accepts(key, keyType, &known) && accepts(value, valueType, &known)
        case (.map(let key, let value), .object):
            return accepts(key, .string, &known) && accepts(value, .dyn, &known)
        default: return false
        }
    }

    private static func substitute(_ pattern: Pattern, _ known: [Character: CELType]) -> CELType {
        switch pattern {
        case .exact(let type): type
        case .any(let name): known[name] ?? .dyn
        case .list(let inner): .boundedList(substitute(inner, known))
        case .map(let key, let value): .boundedMap(substitute(key, known), substitute(value, known))
        case .optional(let inner): .boundedOptional(substitute(inner, known))
        }
    }
}

// MARK: The table

extension Overload {
    /// Forms of every function, the receiver first. The number of arguments was checked by the parser.
    static let table: [Function: [Overload]] = {
        var table: [Function: [Overload]] = [:]
        for (functions, forms) in forms {
            let overloads = forms.split(separator: "|").compactMap { Overload(String($0)) }
            for function in functions { table[function] = overloads }
        }
        return table
    }()

    private static let forms: [([Function], String)] = [
        ([.size], "string > int | bytes > int | list A > int | map A B > int"),
        ([.matches, .contains, .startsWith, .endsWith], "string, string > bool"),
        ([.type], "A > type"), ([.dyn], "A > dyn"),
        ([.int], "number > int | string > int | timestamp > int"),
        ([.uint], "number > uint | string > uint"), ([.double], "number > double | string > double"),
        (
            [.string],
            "number > string | bool > string | string > string | bytes > string | timestamp > string"
                + " | duration > string | ip > string | cidr > string"
        ),
        ([.bytes], "string > bytes | bytes > bytes"), ([.bool], "string > bool | bool > bool"),
        ([.timestamp], "string > timestamp | int > timestamp | timestamp > timestamp"),
        ([.duration], "string > duration | duration > duration"),
        (
            [.getFullYear, .getMonth, .getDate, .getDayOfMonth, .getDayOfYear, .getDayOfWeek],
            "timestamp > int | timestamp, string > int"
        ),
        (
            [.getHours, .getMinutes, .getSeconds, .getMilliseconds],
            "timestamp > int | timestamp, string > int | duration > int"
        ),
        ([.lower, .upper, .trim, .lowerAscii, .upperAscii, .quote], "string > string"),
        ([.split], "string, string > list string | string, string, int > list string"),
        ([.join], "list string > string | list string, string > string"),
        ([.replace], "string, string, string > string | string, string, string, int > string"),
        ([.json], "A > string"), ([.parseJSON], "string > dyn"), ([.sha256], "string > string | bytes > string"),
        ([.secret], "string > string"),
        (
            [.round],
            "int > int | uint > uint | double > double | int, int > int | uint, int > uint | double, int > double"
        ),
        ([.sum], "list A > A"), ([.avg], "list number > double"),
        ([.charAt], "string, int > string"),
        ([.indexOf, .lastIndexOf], "string, string > int | string, string, int > int"),
        ([.substring], "string, int > string | string, int, int > string"),
        ([.reverse], "string > string | list A > list A"), ([.format], "string, list A > string"),
        ([.slice], "list A, int, int > list A"), ([.flatten], "list A > list dyn | list A, int > list dyn"),
        ([.distinct, .sort], "list A > list A"), ([.first, .last], "list A > optional A"),
        ([.range], "int > list int"),
        ([.setContains, .setEquivalent, .setIntersects], "list A, list B > bool"),
        ([.encode], "bytes > string"), ([.decode], "string > bytes"),
        ([.optionalOf, .optionalOfNonZeroValue], "A > optional A"),
        ([.optionalUnwrap, .unwrapOpt], "list optional A > list A"), ([.hasValue], "optional A > bool"),
        ([.value], "optional A > A"), ([.or], "optional A, optional A > optional A"), ([.orValue], "optional A, A > A"),
        ([.ceil, .floor, .mathRound, .trunc], "double > double"), ([.sqrt], "number > double"),
        ([.abs, .sign], "int > int | uint > uint | double > double"),
        ([.isNaN, .isInf, .isFinite], "double > bool"),
        ([.bitAnd, .bitOr, .bitXor], "int, int > int | uint, uint > uint"), ([.bitNot], "int > int | uint > uint"),
        ([.bitShiftLeft, .bitShiftRight], "int, int > int | uint, int > uint"),
        ([.ip], "string > ip | ip > ip | cidr > ip"), ([.cidr], "string > cidr | cidr > cidr"),
        ([.isIP, .isCIDR, .isCanonical], "string > bool"), ([.family], "ip > int"),
        ([.isUnspecified, .isLoopback, .isGlobalUnicast, .isLinkLocalMulticast, .isLinkLocalUnicast], "ip > bool"),
        ([.containsIP], "cidr, ip > bool | cidr, string > bool"),
        ([.containsCIDR], "cidr, cidr > bool | cidr, string > bool"), ([.masked], "cidr > cidr"),
        ([.prefixLength], "cidr > int"),
    ]

    /// Reads `list A, int > A`.
    private init?(_ text: String) {
        let sides = text.split(separator: ">")
        guard sides.count == 2 else { return nil }
        var patterns: [Pattern] = []
        for part in sides[0].split(separator: ",") + [sides[1]] {
            var words = part.split(separator: " ")[...]
            guard let pattern = Self.pattern(&words), words.isEmpty else { return nil }
            patterns.append(pattern)
        }
        result = patterns.removeLast()
        parameters = patterns
    }

    private static let scalars: [String: CELType] = [
        "dyn": .dyn, "bool": .bool, "int": .int, "uint": .uint, "double": .double, "number": .number, "string": .string,
        "bytes": .bytes, "timestamp": .timestamp, "duration": .duration, "type": .type, "ip": .address,
        "cidr": .addressBlock,
    ]

    private static func pattern(_ words: inout ArraySlice<Substring>) -> Pattern? {
        guard let word = words.popFirst() else { return nil }
        switch word {
        case "list": return pattern(&words).map { .list($0) }
        case "optional": return pattern(&words).map { .optional($0) }
        case "map":
            guard let key = pattern(&words), let value = pattern(&words) else { return nil }
            return .map(key, value)
        default:
            if let type = scalars[String(word)] { return .exact(type) }
            return word.count == 1 ? word.first.map { .any($0) } : nil
        }
    }
}

extension TypeCheck {
    mutating func call(_ function: Function, _ first: CELType, _ nodes: [Node], _ offset: Int) -> CELType {
        var arguments = [first]
        for node in nodes { arguments.append(type(of: node)) }
        switch function {
        case .min, .max, .greatest, .least: return extreme(function, arguments, offset)
        case .failing: return .dyn
        default: break
        }
        guard let overloads = Overload.table[function] else { return .dyn }
        let results = overloads.compactMap { $0.result(arguments) }
        if let result = results.first { return results.dropFirst().reduce(result) { $0.joined($1) } }
        let types = arguments.map { article($0.description) }.joined(separator: ", ")
        return fail(.wrongType, "`\(function.rawValue)` does not work on \(types)", offset)
    }

    /// Functions on a list or on several values that must have an order.
    private mutating func extreme(_ function: Function, _ arguments: [CELType], _ offset: Int) -> CELType {
        var types = arguments
        if arguments.count == 1 {
            switch arguments[0] {
            case .dyn: return .dyn
            case .list(let element): types = [element]
            // One number is its own extreme for `math.greatest`.
            case let type where type.isNumeric && (function == .greatest || function == .least): return type
            default:
                let message = "`\(function.rawValue)` needs a list, not \(article(arguments[0].description))"
                return fail(.wrongType, message, offset)
            }
        }
        let joined = CELType.joined(types)
        for type in types where !type.isOrdered(with: types[0]) {
            let pair = "\(article(types[0].description)) and \(article(type.description))"
            return fail(.wrongType, "`\(function.rawValue)` cannot compare \(pair)", offset)
        }
        return joined
    }
}
