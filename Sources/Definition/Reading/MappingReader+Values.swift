// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model

extension MappingReader {
    /// Text of at most `limit` bytes.
    mutating func text(_ key: String, limit: Int = 2000) -> String? {
        take(key).flatMap { text($0, key, limit: limit) }
    }

    func text(_ value: SourceValue, _ key: String, limit: Int = 2000) -> String? {
        guard case .text(let text) = value.node.content else {
            return refuse(value, "`\(key)` must be text, not \(value.node.kindName)", nil)
        }
        guard text.utf8.count <= limit else {
            return refuse(value, "`\(key)` has \(text.utf8.count) bytes; at most \(limit) are allowed", nil)
        }
        return text
    }

    mutating func flag(_ key: String) -> Bool? {
        take(key).flatMap { value in
            guard case .bool(let flag) = value.node.content else {
                return refuse(value, "`\(key)` must be true or false, not \(value.node.kindName)", nil)
            }
            return flag
        }
    }

    mutating func integer(_ key: String, in bounds: ClosedRange<Int>) -> Int? {
        take(key).flatMap { integer($0, key, in: bounds) }
    }

    func integer(_ value: SourceValue, _ key: String, in bounds: ClosedRange<Int>) -> Int? {
        guard let number = value.node.json.intValue else {
            return refuse(value, "`\(key)` must be an integer, not \(value.node.kindName)", nil)
        }
        guard bounds.contains(Int(number)) else {
            let range = "\(bounds.lowerBound) to \(bounds.upperBound)"
            return refuse(value, "`\(key)` must be \(range), not \(number)", nil)
        }
        return Int(number)
    }

    mutating func number(_ key: String, in bounds: ClosedRange<Double>) -> Double? {
        take(key).flatMap { number($0, key, in: bounds) }
    }

    func number(_ value: SourceValue, _ key: String, in bounds: ClosedRange<Double>) -> Double? {
        guard let number = value.node.json.doubleValue else {
            return refuse(value, "`\(key)` must be a number, not \(value.node.kindName)", nil)
        }
        guard bounds.contains(number) else {
            let range = [bounds.lowerBound, bounds.upperBound].map {
                String(decoding: JSONValue.double($0).canonicalBytes(), as: UTF8.self)
            }.joined(separator: " to ")
            return refuse(value, "`\(key)` must be \(range), not \(value.node.json.text)", nil)
        }
        return number
    }

    mutating func duration(_ key: String, in bounds: ClosedRange<Duration>) -> Duration? {
        take(key).flatMap { duration($0, key, in: bounds) }
    }

    func duration(_ value: SourceValue, _ key: String, in bounds: ClosedRange<Duration>) -> Duration? {
        guard case .text(let text) = value.node.content else {
            return refuse(value, "`\(key)` must be a duration such as `10s`, not \(value.node.kindName)", nil)
        }
        guard let duration = Duration(text: text) else {
            sink.report(
                .invalidTime,
                at: value,
                "`\(text)` is no duration; write for example `250ms`, `10s` or `1h30m`"
            )
            return nil
        }
        return checked(duration, key, in: bounds, at: value)
    }

    /// A duration in text, or as a number of `unit` under an older key, which is noted.
    mutating func duration(
        _ key: String,
        in bounds: ClosedRange<Duration>,
        aliases: [(key: String, unit: Duration)]
    ) -> Duration? {
        var result = duration(key, in: bounds)
        for (alias, unit) in aliases {
            guard let value = takeAlias(alias), let count = number(value, alias, in: 0...1e12) else { continue }
            guard result == nil else {
                refuse(value, "`\(alias)` is another name of `\(key)`; keep one of them")
                continue
            }
            result = checked(unit * count, key, in: bounds, at: value)
            if let result { noteAlias(alias, "`\(alias)` is read as `\(key): \(result.text)`") }
        }
        return result
    }

    private func checked(
        _ duration: Duration,
        _ key: String,
        in bounds: ClosedRange<Duration>,
        at value: SourceValue
    ) -> Duration? {
        guard bounds.contains(duration) else {
            let range = "\(bounds.lowerBound.text) to \(bounds.upperBound.text)"
            return refuse(value, "`\(key)` must be \(range), not \(duration.text)", nil)
        }
        return duration
    }

    mutating func choice<Choice>(_ key: String, _ type: Choice.Type = Choice.self) -> Choice?
    where Choice: RawRepresentable<String> & CaseIterable {
        take(key).flatMap { choice($0, key, type) }
    }

    func choice<Choice>(_ value: SourceValue, _ key: String, _ type: Choice.Type = Choice.self) -> Choice?
    where Choice: RawRepresentable<String> & CaseIterable {
        let names = Choice.allCases.map(\.rawValue)
        guard case .text(let text) = value.node.content, let choice = Choice(rawValue: text) else {
            let found = value.node.json.stringValue
            let actual = found.map { "`\($0)`" } ?? value.node.kindName
            let suggestion = found.map { sink.suggestion(for: $0, among: names) } ?? ""
            let list = names.map { "`\($0)`" }.joined(separator: ", ")
            return refuse(value, "`\(key)` must be one of \(list), not \(actual)\(suggestion)", nil)
        }
        return choice
    }

    mutating func list(_ key: String) -> [SourceValue]? {
        take(key).flatMap { list($0, key) }
    }

    func list(_ value: SourceValue, _ key: String) -> [SourceValue]? {
        value.items ?? refuse(value, "`\(key)` must be a list, not \(value.node.kindName)", nil)
    }

    /// Text that is an id.
    func id(_ value: SourceValue, _ key: String) -> String? {
        guard case .text(let text) = value.node.content else {
            return refuse(value, "`\(key)` must be text, not \(value.node.kindName)", nil)
        }
        guard Name.isID(text) else {
            sink.report(.invalidName, at: value, "`\(text)` is no valid id; \(Name.idRule)")
            return nil
        }
        return text
    }

    /// Reports and gives `result`, so that a guard can end with it.
    private func refuse<Result>(_ value: SourceValue, _ message: String, _ result: Result) -> Result {
        refuse(value, message)
        return result
    }
}
