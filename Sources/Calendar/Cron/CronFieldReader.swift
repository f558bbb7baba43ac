// Baton
// SPDX-License-Identifier: Apache-2.0

/// Reads one field of a cron expression: items with `,` between, each a value, a range or `*`, with a step or without.
struct CronFieldReader {
    private let field: CronField
    private let text: ArraySlice<Unicode.Scalar>
    private var index: Int
    private var values = CronSet()

    /// `text` is a part of the expression, so that its indices are positions in it.
    init(_ field: CronField, _ text: ArraySlice<Unicode.Scalar>) {
        self.field = field
        self.text = text
        index = text.startIndex
    }

    mutating func read() throws(CronError) -> CronSet {
        repeat { try readItem() } while take(",")
        guard index == text.endIndex else { throw misunderstood() }
        if field == .dayOfWeek { values.replace(7, by: 0) }
        return values
    }

    private mutating func readItem() throws(CronError) {
        let start = index
        if take("?") {
            guard field.isDay else { throw error(at: start, "`?` may only stand for a day") }
            guard text.count == 1 else { throw error(at: start, "`?` stands alone") }
            return values.insert(stride(from: field.range.lowerBound, through: field.range.upperBound, by: 1))
        }
        var (low, high) = (field.range.lowerBound, field.range.lowerBound + field.count - 1)
        var isRange = true
        if !take("*") {
            low = try readValue()
            isRange = take("-")
            high = isRange ? try readEnd(of: low, from: start) : max(low, high)
        }
        guard take("/") else { return values.insert(stride(from: low, through: isRange ? high : low, by: 1)) }
        values.insert(stride(from: low, through: high, by: try readStep()))
    }

    /// The end of a range. A week that is named from a day to Sunday ends with it.
    private mutating func readEnd(of low: Int, from start: Int) throws(CronError) -> Int {
        let place = index
        var high = try readValue()
        if field == .dayOfWeek, high == 0, low > 0, text[place].isLetter { high = 7 }
        guard low <= high else {
            throw error(
                at: start,
                "the range \(shown(from: start, to: index)) ends before it begins; write two, such as "
                    + "`\(low)-\(field.range.upperBound),\(field.range.lowerBound)-\(high)`"
            )
        }
        return high
    }

    private mutating func readStep() throws(CronError) -> Int {
        let start = index
        guard let step = readNumber() else { throw misunderstood() }
        guard step > 0, step < field.count else {
            throw error(at: start, "the step \(shown(from: start, to: index)) is not from 1 to \(field.count - 1)")
        }
        return step
    }

    private mutating func readValue() throws(CronError) -> Int {
        let start = index
        if let number = readNumber() {
            guard field.range.contains(number) else {
                throw error(at: start, "\(shown(from: start, to: index)) is out of range")
            }
            return number
        }
        while index < text.endIndex, text[index].isLetter { index += 1 }
        let name = String(String.UnicodeScalarView(text[start..<index]))
        guard let value = field.value(named: name) else {
            index = start
            throw misunderstood()
        }
        return value
    }

    /// Digits; a number that is too large for any field stays too large.
    private mutating func readNumber() -> Int? {
        let start = index
        var number = 0
        while index < text.endIndex, let digit = text[index].digit {
            number = min(number * 10 + digit, 1000)
            index += 1
        }
        return index == start ? nil : number
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard index < text.endIndex, text[index] == scalar else { return false }
        index += 1
        return true
    }

    /// What stands here is none of what may stand here.
    private func misunderstood() -> CronError {
        let end = text[index...].firstIndex(of: ",") ?? text.endIndex
        guard index < end else { return error(at: index, "something is missing") }
        return error(at: index, "\(shown(from: index, to: end)) is not understood")
    }

    private func shown(from start: Int, to end: Int) -> String {
        let shown = String(String.UnicodeScalarView(text[start..<end].prefix(20)))
        return "`\(shown)\(end - start > 20 ? "…" : "")`"
    }

    private func error(at index: Int, _ problem: String) -> CronError {
        CronError(field, at: index + 1, problem)
    }
}

extension Unicode.Scalar {
    fileprivate var isLetter: Bool { ("a"..."z").contains(self) || ("A"..."Z").contains(self) }
    fileprivate var digit: Int? { ("0"..."9").contains(self) ? Int(value - 48) : nil }
}
