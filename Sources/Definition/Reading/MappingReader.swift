// Baton
// SPDX-License-Identifier: Apache-2.0

/// Reads the known keys of one mapping, then reports those that are left.
///
/// Each `take…` and typed read names a key that may be there; what is wrong with its value is reported at once.
struct MappingReader {
    /// The codes under which mistakes are reported.
    struct Codes {
        let unknownKey: Diagnostic.Code
        let invalidValue: Diagnostic.Code
        let missingKey: Diagnostic.Code
        /// Keys that start with `x-` are left to the author.
        let allowsExtensions: Bool

        /// For the document itself.
        static let document = Self(
            unknownKey: .unknownKey,
            invalidValue: .invalidValue,
            missingKey: .missingKey,
            allowsExtensions: true
        )
        /// For the configuration of a node.
        static let config = Self(
            unknownKey: .invalidConfig,
            invalidValue: .invalidConfig,
            missingKey: .invalidConfig,
            allowsExtensions: false
        )
    }

    let value: SourceValue
    let codes: Codes
    let sink: DiagnosticSink
    /// What the mapping is, for messages: `a node`.
    let name: String
    private let entries: [SourceEntry]
    private var known: [String] = []
    /// Older spellings; known, but never suggested.
    private var aliases: [String] = []

    /// Reports a value that is no mapping.
    init?(_ value: SourceValue, _ name: String, _ codes: Codes = .document, into sink: DiagnosticSink) {
        guard case .mapping(let entries) = value.node.content else {
            sink.report(codes.invalidValue, at: value, "\(name) must be a mapping, not \(value.node.kindName)")
            return nil
        }
        self.value = value
        self.name = name
        self.codes = codes
        self.sink = sink
        self.entries = entries
    }

    /// The value of a key, if it is there.
    mutating func take(_ key: String) -> SourceValue? {
        known.append(key)
        guard let entry = entries.first(where: { $0.key == key }) else { return nil }
        return SourceValue(node: entry.value, path: SourcePath(value.path, .key(key)))
    }

    /// The value of a key that must be there.
    mutating func require(_ key: String) -> SourceValue? {
        if let value = take(key) { return value }
        sink.report(codes.missingKey, at: value, "\(name) needs the key `\(key)`")
        return nil
    }

    /// The value of an older spelling, if it is there.
    mutating func takeAlias(_ key: String) -> SourceValue? {
        let value = take(key)
        known.removeLast()
        aliases.append(key)
        return value
    }

    /// The value of a key or of its older spelling, which is noted.
    mutating func take(_ key: String, alias: String) -> SourceValue? {
        let value = take(key)
        guard let other = takeAlias(alias) else { return value }
        guard value == nil else {
            sink.report(codes.invalidValue, at: other, "`\(alias)` is another name of `\(key)`; keep one of them")
            return value
        }
        noteAlias(alias, "`\(alias)` is read as `\(key)`")
        return other
    }

    /// Notes that another spelling was used for a key.
    func noteAlias(_ key: String, _ message: String) {
        guard let entry = entries.first(where: { $0.key == key }) else { return }
        let value = SourceValue(node: entry.value, path: SourcePath(value.path, .key(key)))
        sink.report(.alias, at: value, position: entry.keyPosition, message)
    }

    /// Reports the keys nobody asked for.
    func finish() {
        for entry in entries where !known.contains(entry.key) && !aliases.contains(entry.key) {
            if codes.allowsExtensions, entry.key.hasPrefix("x-") { continue }
            let place = SourceValue(node: entry.value, path: SourcePath(value.path, .key(entry.key)))
            let suggestion = sink.suggestion(for: entry.key, among: known)
            sink.report(
                codes.unknownKey,
                at: place,
                position: entry.keyPosition,
                "unknown key `\(entry.key)` in \(name)\(suggestion)"
            )
        }
    }

    /// Reports a value that does not fit its key.
    func refuse(_ value: SourceValue, _ message: String) {
        sink.report(codes.invalidValue, at: value, message)
    }
}
