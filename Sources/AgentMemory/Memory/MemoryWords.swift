// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON

/// The words that entries are found by: letters and digits that stand together, in lower case.
enum MemoryWords {
    /// The different words of a text, in order.
    static func of(_ text: String, limit: Int = NoteLimits.foundWords) -> [String] {
        var collector = Collector(limit: limit)
        collector.add(text)
        return collector.words
    }

    /// Those of an entry: its key, its tags, and all text in its value, the names of members included.
    static func of(key: String, tags: [String], value: JSONValue) -> [String] {
        var collector = Collector(limit: NoteLimits.foundWords)
        collector.add(key)
        for tag in tags { collector.add(tag) }
        collector.add(value)
        return collector.words
    }

    private struct Collector {
        let limit: Int
        var words: [String] = []
        var known: Set<String> = []

        mutating func add(_ text: String) {
            var word = ""
            for scalar in text.lowercased().unicodeScalars {
                if scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
                    word.unicodeScalars.append(scalar)
                } else {
                    end(&word)
                }
            }
            end(&word)
        }

        mutating func add(_ value: JSONValue) {
            guard words.count < limit else { return }
            if let text = value.stringValue {
                add(text)
            } else if let list = value.arrayValue {
                for item in list { add(item) }
            } else if let object = value.objectValue {
                for member in object.members {
                    add(member.key)
                    add(member.value)
                }
            } else if !value.isNull {
                add(value.text)
            }
        }

        private mutating func end(_ word: inout String) {
            // What is longer is no word but data.
            if !word.isEmpty, word.utf8.count <= 128, words.count < limit, known.insert(word).inserted {
                words.append(word)
            }
            word = ""
        }
    }
}

/// How well an entry fits a search.
public enum MemoryScore {
    /// From 0 for not at all to 1 for every word in the key or the tags.
    ///
    /// The mean over the words of the search, where a word counts 1 when it is a word of the key or of a tag, 0.8 when one
    /// of those begins with it, 0.7 when it is a word of the value, and 0.5 when one of those begins with it.
    ///
    /// - Parameter words: All words of the entry.
    public static func of(_ search: [String], key: String, tags: [String], words: [String]) -> Double {
        guard !search.isEmpty else { return 0 }
        let names = Set(([key] + tags).flatMap { MemoryWords.of($0) })
        let all = Set(words)
        let sum = search.reduce(0.0) { sum, word in
            let value =
                if names.contains(word) {
                    1.0
                } else if names.contains(where: { $0.utf8.starts(with: word.utf8) }) {
                    0.8
                } else if all.contains(word) {
                    0.7
                } else if all.contains(where: { $0.utf8.starts(with: word.utf8) }) {
                    0.5
                } else {
                    0.0
                }
            return sum + value
        }
        return sum / Double(search.count)
    }
}

/// A pattern of keys: `*` stands for any characters, also none, `?` for one.
struct KeyPattern {
    private let signs: [Character]

    init(_ text: String) { signs = Array(text) }

    /// Takes time in proportion to the product of both lengths at most.
    func matches(_ key: String) -> Bool {
        let key = Array(key)
        var (sign, place, star, mark) = (0, 0, -1, 0)
        while place < key.count {
            if sign < signs.count, signs[sign] == "*" {
                (star, mark) = (sign, place)
                sign += 1
            } else if sign < signs.count, signs[sign] == "?" || signs[sign] == key[place] {
                sign += 1
                place += 1
            } else if star >= 0 {
                mark += 1
                (sign, place) = (star + 1, mark)
            } else {
                return false
            }
        }
        return signs[sign...].allSatisfy { $0 == "*" }
    }
}
