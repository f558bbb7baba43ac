// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
import JSON
import Model
import Rates

/// A value of a key, read as what the key needs; what does not fit is said as the end of a sentence.
struct SettingsValue {
    let json: JSONValue

    init(_ json: JSONValue) {
        self.json = json
    }

    func flag() throws(SettingsMismatch) -> Bool {
        guard let flag = json.boolValue else { throw SettingsMismatch("must be true or false") }
        return flag
    }

    func number(_ range: ClosedRange<Int>) throws(SettingsMismatch) -> Int {
        guard let number = json.intValue.flatMap({ Int(exactly: $0) }), range.contains(number) else {
            throw SettingsMismatch("must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func text(_ rule: String, where fits: (String) -> Bool) throws(SettingsMismatch) -> String {
        guard let text = json.stringValue, !text.isEmpty, fits(text) else { throw SettingsMismatch("must be \(rule)") }
        return text
    }

    func path(_ kind: String, in folder: String) throws(SettingsMismatch) -> String {
        let path = try text("the path \(kind)") { !$0.utf8.contains(0) }
        return path.hasPrefix("/") ? path : "\(folder)/\(path)"
    }

    /// One of the words of a type.
    func word<Word: RawRepresentable & CaseIterable>() throws(SettingsMismatch) -> Word where Word.RawValue == String {
        guard let word = json.stringValue.flatMap(Word.init) else {
            let words = Word.allCases.map(\.rawValue)
            let list = words.dropLast().joined(separator: ", ")
            throw SettingsMismatch("must be \(list) or \(words.last ?? "")")
        }
        return word
    }

    /// Without a slash at the end.
    func url() throws(SettingsMismatch) -> String {
        guard let text = json.stringValue, let url = try? HTTPURL(text), !url.target.contains("?") else {
            throw SettingsMismatch("must be an http or https URL")
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    func duration(atLeast least: Duration = .zero) throws(SettingsMismatch) -> Duration {
        guard let duration = json.stringValue.flatMap(Duration.init(text:)), duration >= least else {
            let bound = least > .zero ? " of at least \(least.text)" : ""
            throw SettingsMismatch("must be a duration\(bound), such as 30d or 12h")
        }
        return duration
    }

    /// Bytes: a number, or one with KiB, MiB or GiB.
    func size(_ range: ClosedRange<Int>) throws(SettingsMismatch) -> Int {
        let text = json.stringValue ?? json.text
        let unit = Self.units.first { text.hasSuffix($0.name) }
        let digits = text.dropLast(unit?.name.count ?? 0)
        let isNumber = digits.utf8.allSatisfy { (48...57).contains($0) }
        guard isNumber, let number = Int(digits),
            case let (bytes, isOver) = number.multipliedReportingOverflow(by: unit?.bytes ?? 1),
            !isOver, range.contains(bytes)
        else {
            let (least, most) = (Self.text(bytes: range.lowerBound), Self.text(bytes: range.upperBound))
            throw SettingsMismatch("must be a size from \(least) to \(most), such as 16MiB")
        }
        return bytes
    }

    static func text(bytes: Int) -> String {
        let unit = units.last { bytes >= $0.bytes && bytes % $0.bytes == 0 }
        return unit.map { "\(bytes / $0.bytes)\($0.name)" } ?? String(bytes)
    }

    private static let units: [(name: String, bytes: Int)] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]

    /// `NUMBER/SPAN`; `nil` when it is switched off.
    func rate() throws(SettingsMismatch) -> Rate? {
        if json == .int(0) || json == "0" || json == "off" { return nil }
        guard let rate = json.stringValue.flatMap(Self.rate) else {
            throw SettingsMismatch("must be NUMBER/SPAN, such as 600/1m, or 0 for no limit")
        }
        return rate
    }

    /// `60/1m`.
    static func rate(_ text: String) -> Rate? {
        let words = text.split(separator: "/", maxSplits: 1)
        guard words.count == 2, let units = Int(words[0]), (1...1_000_000).contains(units),
            let span = Duration(text: String(words[1])), span >= .milliseconds(1)
        else { return nil }
        return Rate(units: units, period: span)
    }

    static func text(_ rate: Rate?) -> String {
        rate.map { "\($0.units)/\($0.period.text)" } ?? "0"
    }

    /// Each item as `read` reads it.
    func list<Item>(_ rule: String, _ read: (String) -> Item?) throws(SettingsMismatch) -> [Item] {
        guard let items = json.arrayValue else { throw SettingsMismatch("must be \(rule)") }
        var result: [Item] = []
        for item in items {
            guard let part = item.stringValue.flatMap(read) else {
                throw SettingsMismatch("must be \(rule); \(item.text) is not one")
            }
            result.append(part)
        }
        return result
    }

    /// `NAME=VALUE` by name.
    func pairs<Part>(_ rule: String, _ read: (String) -> Part?) throws(SettingsMismatch) -> [String: Part] {
        let items = try list(rule) { item -> (String, Part)? in
            guard let (name, text) = Self.pair(item), let part = read(text) else { return nil }
            return (name, part)
        }
        return Dictionary(items) { $1 }
    }

    static func pair(_ text: String) -> (name: String, value: String)? {
        guard let sign = text.firstIndex(of: "="), sign > text.startIndex else { return nil }
        let value = text[text.index(after: sign)...]
        return (String(text[..<sign].trimmingSpaces()), String(value.trimmingSpaces()))
    }

    /// The name of a tool, in which `*` stands for any letters.
    static func toolPattern(_ text: String) -> String? {
        let isName = (1...200).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
        return isName ? text : nil
    }

    /// `https://host` or `https://host:port`, or `*`.
    static func origin(_ text: String) -> String? {
        if text == "*" { return text }
        guard let url = try? HTTPURL(text), url.target == "/", !text.hasSuffix("/"), !text.contains("#") else {
            return nil
        }
        return text.lowercased()
    }
}
