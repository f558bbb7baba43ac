// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Model

extension ShapeReader {
    /// The value in stored form; `nil` after something wrong was reported.
    mutating func value(_ value: SourceValue, _ key: String, _ type: ValueType, _ part: Shape.Part) -> JSONValue? {
        switch type {
        case .flag: flag(value, key, part)
        case .integer(let bounds): integer(value, key, bounds, part).map { .int(Int64($0)) }
        case .number(let bounds): number(value, key, bounds, part)
        case .text(let limit): text(value, key, limit, part).map { .string($0) }
        case .choice(let words): choice(value, key, words, part).map { .string($0) }
        case .id: id(value, key, part).map { .string($0) }
        case .name: name(value, key, part).map { .string($0) }
        case .duration(let bounds): duration(value, key, bounds, part).map { .int($0.milliseconds) }
        case .time: time(value, key, part).map { .string($0) }
        case .money: money(value, key, part).map { .string($0.text) }
        case .pointer: pointer(value, key, part)
        case .schema: schema(value)
        case .anything: value.node.json
        case .null: value.node.isNull ? .null : refuse(value, key, type, part)
        case .expression(let locals): expressions.expression(value, key, part, locals: locals).map(JSONValue.init)
        case .condition(let locals): expressions.condition(value, key, part, locals: locals).map(JSONValue.init)
        case .template(let locals): expressions.template(value, locals: locals)?.source
        case .textTemplate(let limit, let locals):
            text(value, key, limit, part).flatMap { _ in expressions.template(value, locals: locals)?.source }
        case .objectTemplate(let locals): objectTemplate(value, key, locals, part)
        case .list(let element, let count): list(value, key, element, count, part)
        case .table(let keys, let element): table(value, key, keys, element, part)
        case .shape(let shape): object(value, as: shape).map { .object($0) }
        case .either(let types): either(value, key, types, part)
        case .computed(let type, let locals): computed(value, key, type, locals, part)
        case .nodes, .edges: list(value, key, .anything, 0...Int.max, part)
        case .end: text(value, key, 200, part).map { .string($0) }
        case .document: value.isMapping ? value.node.json : refuse(value, key, type, part)
        }
    }

    private func refuse<Result>(_ value: SourceValue, _ key: String, _ type: ValueType, _ part: Shape.Part) -> Result? {
        let actual = value.node.json.stringValue.map { "`\($0)`" } ?? value.node.kindName
        sink.report(
            part.invalidValue,
            at: value,
            "`\(key)` must be \(type.expectation), not \(type.isText ? value.node.kindName : actual)"
        )
        return nil
    }

    private func flag(_ value: SourceValue, _ key: String, _ part: Shape.Part) -> JSONValue? {
        guard case .bool(let flag) = value.node.content else { return refuse(value, key, .flag, part) }
        return .bool(flag)
    }

    func integer(_ value: SourceValue, _ key: String, _ bounds: ClosedRange<Int>, _ part: Shape.Part) -> Int? {
        guard let number = value.node.json.intValue else { return refuse(value, key, .integer(bounds), part) }
        guard bounds.contains(Int(number)) else {
            let range = "\(bounds.lowerBound) to \(bounds.upperBound)"
            sink.report(part.invalidValue, at: value, "`\(key)` must be \(range), not \(number)")
            return nil
        }
        return Int(number)
    }

    private func number(
        _ value: SourceValue,
        _ key: String,
        _ bounds: ClosedRange<Double>,
        _ part: Shape.Part
    ) -> JSONValue? {
        guard let number = value.node.json.doubleValue else { return refuse(value, key, .number(bounds), part) }
        guard bounds.contains(number) else {
            let range = [bounds.lowerBound, bounds.upperBound].map(ValueType.numberText).joined(separator: " to ")
            sink.report(part.invalidValue, at: value, "`\(key)` must be \(range), not \(value.node.json.text)")
            return nil
        }
        return value.node.json
    }

    func text(_ value: SourceValue, _ key: String, _ limit: Int, _ part: Shape.Part) -> String? {
        guard case .text(let text) = value.node.content else { return refuse(value, key, .text(limit: limit), part) }
        guard text.utf8.count <= limit else {
            let message = "`\(key)` has \(text.utf8.count) bytes; at most \(limit) are allowed"
            sink.report(part.invalidValue, at: value, message)
            return nil
        }
        return text
    }

    func choice(_ value: SourceValue, _ key: String, _ words: [String], _ part: Shape.Part) -> String? {
        guard case .text(let text) = value.node.content, words.contains(text) else {
            let found = value.node.json.stringValue
            let actual = found.map { "`\($0)`" } ?? value.node.kindName
            let suggestion = found.map { sink.suggestion(for: $0, among: words) } ?? ""
            let list = ValueType.choice(words).expectation
            sink.report(part.invalidValue, at: value, "`\(key)` must be \(list), not \(actual)\(suggestion)")
            return nil
        }
        return text
    }

    /// Text that is an id.
    func id(_ value: SourceValue, _ key: String, _ part: Shape.Part = .document) -> String? {
        guard case .text(let text) = value.node.content else { return refuse(value, key, .id, part) }
        guard Name.isID(text) else {
            sink.report(.invalidName, at: value, "`\(text)` is no valid id; \(Name.idRule)")
            return nil
        }
        return text
    }

    func name(_ value: SourceValue, _ key: String, _ part: Shape.Part = .document) -> String? {
        guard case .text(let text) = value.node.content else { return refuse(value, key, .name, part) }
        guard Name.isDefinition(text) else {
            sink.report(.invalidName, at: value, "`\(text)` is no valid name; \(Name.definitionRule)")
            return nil
        }
        return text
    }

    func duration(
        _ value: SourceValue,
        _ key: String,
        _ bounds: ClosedRange<Duration>,
        _ part: Shape.Part
    ) -> Duration? {
        guard case .text(let text) = value.node.content else { return refuse(value, key, .duration(bounds), part) }
        guard let duration = Duration(text: text) else {
            let message = "`\(text)` is no duration; write for example `250ms`, `10s` or `1h30m`"
            sink.report(.invalidTime, at: value, message)
            return nil
        }
        return checked(duration, key, bounds, value, part)
    }

    func checked(
        _ duration: Duration,
        _ key: String,
        _ bounds: ClosedRange<Duration>,
        _ value: SourceValue,
        _ part: Shape.Part
    ) -> Duration? {
        guard bounds.contains(duration) else {
            let range = "\(bounds.lowerBound.text) to \(bounds.upperBound.text)"
            sink.report(part.invalidValue, at: value, "`\(key)` must be \(range), not \(duration.text)")
            return nil
        }
        return duration
    }

    private func time(_ value: SourceValue, _ key: String, _ part: Shape.Part) -> String? {
        guard let text = text(value, key, 64, part) else { return nil }
        guard Timestamp(rfc3339: text) != nil else {
            let message = "`\(text)` is no point in time; write for example `2026-01-31T09:30:00Z`"
            sink.report(.invalidTime, at: value, message)
            return nil
        }
        return text
    }

    private func money(_ value: SourceValue, _ key: String, _ part: Shape.Part) -> Money? {
        let text: String
        switch value.node.content {
        case .text(let written): text = written
        case .int, .double: text = value.node.json.text
        default: return refuse(value, key, .money, part)
        }
        if let money = Money(text: text) { return money }
        let message = "`\(text)` is no amount in USD; write for example `0.50`, with at most 12 digits after the point"
        sink.report(.invalidTime, at: value, message)
        return nil
    }

    private func pointer(_ value: SourceValue, _ key: String, _ part: Shape.Part) -> JSONValue? {
        guard let text = text(value, key, 2000, part) else { return nil }
        guard (try? JSONPointer(text)) != nil else {
            sink.report(part.invalidValue, at: value, "`\(text)` is no JSON Pointer; write for example `/items/0`")
            return nil
        }
        return .string(text)
    }

    private func schema(_ value: SourceValue) -> JSONValue? {
        SchemaReader(sink: sink).read(value.node.json, at: value).map { _ in value.node.json }
    }
}

extension Shape.Part {
    var invalidValue: Diagnostic.Code { self == .document ? .invalidValue : .invalidConfig }
}

extension ValueType {
    /// Plain text is expected, so that quoting what was written says nothing.
    fileprivate var isText: Bool {
        switch self {
        case .text, .id, .name, .time, .pointer, .textTemplate, .end: true
        default: false
        }
    }

    static func numberText(_ number: Double) -> String {
        String(decoding: JSONValue.double(number).canonicalBytes(), as: UTF8.self)
    }
}

extension SourceValue {
    fileprivate var isMapping: Bool {
        if case .mapping = node.content { true } else { false }
    }
}

extension SourceNode {
    var isNull: Bool {
        if case .null = content { true } else { false }
    }
}

extension JSONValue {
    /// The text of an expression.
    fileprivate init(_ expression: CELExpression) {
        self = .string(expression.source)
    }
}
