// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model

/// What models cost and can do, by vendor and model.
///
/// The table is versioned JSON: `{"version", "models": [{"provider", "model", "context", "output_limit", "input",
/// "cached", "cache_write", "cache_write_long", "output", "reasoning", "batch": {…}, "tiers": [{"above", …, "batch"}],
/// "thinking": "none|budget|effort|always", "most_effort", "no": ["sampling", "forced_tools", "schema", "images"]}]}`.
/// Prices are decimal text, USD for a million LLM tokens, at most six digits after the point.
public struct PriceTable: Sendable {
    /// What is known of a model.
    public struct Entry: Sendable, Hashable {
        /// What it costs.
        public var price: ModelPrice
        /// What it can do.
        public var facts: ModelFacts

        /// Puts together what is known.
        public init(price: ModelPrice, facts: ModelFacts) {
            (self.price, self.facts) = (price, facts)
        }
    }

    /// One model of one vendor.
    public struct Key: Sendable, Hashable, Comparable {
        /// Such as `anthropic`.
        public var vendor: String
        /// The vendor's name of the model.
        public var model: String

        /// Names a model of a vendor.
        public init(vendor: String, model: String) {
            self.vendor = vendor
            self.model = model
        }

        /// By vendor, then by model.
        public static func < (left: Self, right: Self) -> Bool {
            (left.vendor, left.model) < (right.vendor, right.model)
        }
    }

    /// A date, by which charges say what they were priced by.
    public let version: String
    /// All models.
    public let entries: [Key: Entry]

    /// The table that comes with the program.
    public static let builtIn: PriceTable = {
        guard let table = try? PriceTable(Array(builtInText.utf8)) else {
            preconditionFailure("the built-in price table cannot be read")
        }
        return table
    }()

    /// Reads a table.
    public init(_ bytes: [UInt8]) throws(PriceTableError) {
        let json: JSONValue
        do throws(JSONError) {
            json = try JSONValue(parsing: bytes)
        } catch {
            throw PriceTableError("\(error)")
        }
        guard let version = json["version"]?.stringValue, let models = json["models"]?.arrayValue else {
            throw PriceTableError("a price table is {version, models: […]}")
        }
        var entries: [Key: Entry] = [:]
        for (position, model) in models.enumerated() {
            let (key, entry) = try PriceRow(model, "models[\(position)]").read()
            guard entries.updateValue(entry, forKey: key) == nil else {
                throw PriceTableError("models[\(position)]: \(key.vendor) \(key.model) is there twice")
            }
        }
        (self.version, self.entries) = (version, entries)
    }

    /// What is known of a model of a vendor; `nil` when nothing is. A name with a date or `-latest` at its end means the
    /// model without it, unless it is listed itself.
    public func entry(for model: String, of vendor: String) -> Entry? {
        entries[Key(vendor: vendor, model: model)]
            ?? Self.withoutDate(model).flatMap { entries[Key(vendor: vendor, model: $0)] }
    }

    /// What is known of a model of a provider of these settings; models of this machine are free.
    public func entry(for model: String, of settings: ProviderSettings) -> Entry? {
        let known = settings.vendor.flatMap { entry(for: model, of: $0) }
        guard settings.isLocal else { return known }
        return Entry(price: .free, facts: known?.facts ?? ModelFacts())
    }

    private static func withoutDate(_ model: String) -> String? {
        var words = model.split(separator: "-", omittingEmptySubsequences: false)
        func isNumber(_ word: Substring, _ length: Int) -> Bool {
            word.utf8.count == length && word.utf8.allSatisfy { (48...57).contains($0) }
        }
        if words.count > 1, words.last == "latest" || words.last.map({ isNumber($0, 8) }) == true {
            words.removeLast()
        } else if words.count > 3, isNumber(words[words.count - 3], 4), words.suffix(2).allSatisfy({ isNumber($0, 2) })
        {
            words.removeLast(3)
        } else {
            return nil
        }
        return words.joined(separator: "-")
    }
}

/// A price table cannot be read.
public struct PriceTableError: Error, Sendable, Hashable, CustomStringConvertible {
    /// For people.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension ProviderSettings {
    /// Whose prices and models these are, by the host of the base address; `nil` for hosts that are not known.
    public var vendor: String? {
        switch (kind, baseURL) {
        case (.anthropic, nil): return "anthropic"
        case (.openAI, nil): return "openai"
        case (.scripted, _), (.ollama, _): return nil
        case (_, let url): return url.flatMap(Self.host).flatMap { Self.vendors[$0] }
        }
    }

    /// Its models run on this machine, or nowhere.
    public var isLocal: Bool {
        switch (kind, baseURL) {
        case (.scripted, _), (.ollama, nil): return true
        case (_, let url?):
            guard let host = Self.host(url) else { return false }
            return host == "localhost" || host == "[::1]" || host.hasPrefix("127.")
        default: return false
        }
    }

    private static func host(_ url: String) -> String? {
        guard let start = url.firstRange(of: "://")?.upperBound else { return nil }
        let authority = url[start...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if authority.hasPrefix("[") {
            return authority.firstIndex(of: "]").map { String(authority[...$0]).lowercased() }
        }
        return authority.prefix { $0 != ":" }.lowercased()
    }

    private static let vendors = [
        "api.anthropic.com": "anthropic", "api.openai.com": "openai", "api.deepseek.com": "deepseek",
        "api.mistral.ai": "mistral", "api.x.ai": "xai", "generativelanguage.googleapis.com": "gemini",
        "api.groq.com": "groq", "api.moonshot.ai": "moonshot", "api.z.ai": "zai", "api.minimax.io": "minimax",
    ]
}
