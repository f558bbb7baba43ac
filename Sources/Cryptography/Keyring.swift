// Baton
// SPDX-License-Identifier: Apache-2.0

/// The keys of this installation, by version. The newest one seals; older ones still open.
///
/// The text form has one `VERSION:KEY` a line, or between commas; KEY is base 64 of 32 bytes in the URL alphabet.
/// A text that is only a KEY is version 1. Lines that begin with `#` are for people.
public struct Keyring: Sendable {
    /// The version that seals.
    public let current: Int
    private let keys: [Int: [UInt8]]

    /// A ring with one new key.
    public init() {
        current = 1
        keys = [1: SecureRandom.bytes(AESGCM.keyLength)]
    }

    private init(current: Int, keys: [Int: [UInt8]]) {
        self.current = current
        self.keys = keys
    }

    /// Reads the text form.
    ///
    /// - Parameter source: What it came from, for messages: a path or the name of a variable.
    public init(parsing text: String, from source: String) throws(KeyError) {
        var keys: [Int: [UInt8]] = [:]
        let entries = text.split { $0.isNewline || $0 == "," }.map { $0.filter { !$0.isWhitespace } }
        for entry in entries where !entry.isEmpty && !entry.hasPrefix("#") {
            let parts = entry.split(separator: ":", omittingEmptySubsequences: false)
            let version = parts.count == 1 ? 1 : Int(parts[0])
            let digits = parts.last ?? ""
            let bare = digits.last == "=" ? digits.dropLast() : digits
            guard parts.count <= 2, let version, (1...1_000_000).contains(version), keys[version] == nil,
                let key = Base64.decode(bare) ?? Base64.decode(bare, .standard), key.count == AESGCM.keyLength
            else {
                throw KeyError(
                    "\(source) holds something that is no key. It has one VERSION:KEY a line, each version once; a key is "
                        + "base 64 of 32 bytes."
                )
            }
            keys[version] = key
        }
        guard let current = keys.keys.max() else { throw KeyError("\(source) holds no key.") }
        self.init(current: current, keys: keys)
    }

    /// All versions, the oldest first.
    public var versions: [Int] { keys.keys.sorted() }

    /// The key of a version; `nil` when the ring has none.
    public func key(_ version: Int) -> [UInt8]? { keys[version] }

    /// The ring with one more key, which seals from now on.
    public func rotated() -> Keyring {
        var keys = keys
        keys[current + 1] = SecureRandom.bytes(AESGCM.keyLength)
        return Keyring(current: current + 1, keys: keys)
    }

    /// The ring without what came before the current key.
    public func withoutOld() -> Keyring {
        Keyring(current: current, keys: keys.filter { $0.key == current })
    }

    /// Keys for one purpose, one of each version.
    public func derived(for purpose: String) -> [Int: [UInt8]] {
        keys.mapValues { HMACSHA256.derive(purpose, from: $0) }
    }

    /// The text form.
    public var text: String {
        let lines = versions.map { "\($0):\(Base64.encode(keys[$0] ?? []))" }
        return "# Keys of Baton. Without them stored secrets cannot be read; with them everybody can read them.\n"
            + lines.joined(separator: "\n") + "\n"
    }
}

extension Keyring {
    /// The name of the file in a data folder.
    public static let fileName = "secret.key"
    /// The variable that holds the text form where there shall be no file.
    public static let variable = "BATON_SECRET_KEY"

    /// The ring of a data folder, or that of the variable when it is set.
    ///
    /// - Parameter creates: Whether a folder that has no file gets one, with a new key.
    /// - Returns: `nil` when there is none and none was to be made.
    public static func load(
        folder: String,
        environment: [String: String],
        creates: Bool
    ) throws(KeyError) -> Keyring? {
        if let text = environment[variable], !text.isEmpty { return try Keyring(parsing: text, from: variable) }
        let path = "\(folder)/\(fileName)"
        if let bytes = try PrivateFile.read(path) {
            return try Keyring(parsing: String(decoding: bytes, as: UTF8.self), from: path)
        }
        guard creates else { return nil }
        let ring = Keyring()
        if try PrivateFile.create(path, Array(ring.text.utf8)) { return ring }
        // Another process was faster; its key is the one.
        return try load(folder: folder, environment: environment, creates: false)
    }

    /// Writes the ring into its folder.
    ///
    /// - Throws: When the variable is set: then the file is not what counts.
    public func save(folder: String, environment: [String: String]) throws(KeyError) {
        guard (environment[Self.variable] ?? "").isEmpty else {
            throw KeyError("The keys come from \(Self.variable); change them where that is set.")
        }
        try PrivateFile.replace("\(folder)/\(Self.fileName)", Array(text.utf8))
    }
}
