// Baton
// SPDX-License-Identifier: Apache-2.0

/// Labels of any script as letters, digits and hyphens (RFC 3492).
enum Punycode {
    private static let base = 36

    /// The code without `xn--`, in small letters; `nil` when it would be very long.
    static func encode(_ scalars: [Unicode.Scalar]) -> [UInt8]? {
        guard scalars.count <= 63 else { return nil }
        var result = scalars.filter(\.isASCII).map { UInt8($0.value) }
        let basic = result.count
        var handled = basic
        if basic > 0 { result.append(UInt8(ascii: "-")) }
        var (current, delta, bias) = (128, 0, 72)
        while handled < scalars.count {
            guard let next = scalars.lazy.map({ Int($0.value) }).filter({ $0 >= current }).min() else { return nil }
            delta += (next - current) * (handled + 1)
            current = next
            for scalar in scalars {
                if Int(scalar.value) < current { delta += 1 }
                guard Int(scalar.value) == current else { continue }
                append(delta, bias, to: &result)
                bias = adapt(delta, handled + 1, isFirst: handled == basic)
                delta = 0
                handled += 1
            }
            delta += 1
            current += 1
        }
        return result
    }

    /// What a code in small letters stands for; `nil` when it is none.
    static func decode(_ code: [UInt8]) -> [Unicode.Scalar]? {
        let hyphen = code.lastIndex(of: UInt8(ascii: "-"))
        var result = code[..<(hyphen ?? 0)].map { Unicode.Scalar($0) }
        var rest = code[(hyphen.map { $0 + 1 } ?? 0)...]
        var (current, position, bias) = (128, 0, 72)
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let start = position
            var weight = 1
            var place = base
            while true {
                guard let digit = rest.popFirst().flatMap(value), weight < 1 << 40 else { return nil }
                position += digit * weight
                let threshold = threshold(place, bias)
                if digit < threshold { break }
                weight *= base - threshold
                place += base
            }
            bias = adapt(position - start, result.count + 1, isFirst: start == 0)
            current += position / (result.count + 1)
            position %= result.count + 1
            guard current <= 0x10FFFF, let scalar = Unicode.Scalar(UInt32(current)) else { return nil }
            result.insert(scalar, at: position)
            position += 1
        }
        return result
    }

    private static func threshold(_ place: Int, _ bias: Int) -> Int { min(max(place - bias, 1), 26) }

    private static func append(_ delta: Int, _ bias: Int, to result: inout [UInt8]) {
        var rest = delta
        var place = base
        while true {
            let threshold = threshold(place, bias)
            guard rest >= threshold else { break }
            result.append(letter(threshold + (rest - threshold) % (base - threshold)))
            rest = (rest - threshold) / (base - threshold)
            place += base
        }
        result.append(letter(rest))
    }

    private static func adapt(_ delta: Int, _ count: Int, isFirst: Bool) -> Int {
        var rest = isFirst ? delta / 700 : delta / 2
        rest += rest / count
        var steps = 0
        while rest > 455 {
            rest /= 35
            steps += base
        }
        return steps + 36 * rest / (rest + 38)
    }

    private static func letter(_ digit: Int) -> UInt8 { UInt8(digit < 26 ? digit + 97 : digit + 22) }

    private static func value(_ letter: UInt8) -> Int? {
        switch letter {
        case 97...122: Int(letter) - 97
        case 48...57: Int(letter) - 22
        default: nil
        }
    }
}
