// Baton
// SPDX-License-Identifier: Apache-2.0

public import Cryptography

/// The token file of a data folder: who can read it may do everything, because he could read and write the data itself.
public struct LocalToken: Sendable {
    /// The name of the file.
    public static let fileName = "token"
    private static let prefix = "bat_local_"

    /// The token.
    public let text: String

    /// Reads the file; makes it (mode 0600) when it is not there.
    public static func make(folder: String) throws(KeyError) -> LocalToken {
        if let token = try read(folder: folder) { return token }
        let text = prefix + Base64.encode(SecureRandom.bytes(32))
        if try PrivateFile.create("\(folder)/\(fileName)", Array("\(text)\n".utf8)) { return LocalToken(text: text) }
        // Another process was faster.
        guard let token = try read(folder: folder) else { throw KeyError("\(folder)/\(fileName) went away.") }
        return token
    }

    /// Reads the file; `nil` when there is none.
    public static func read(folder: String) throws(KeyError) -> LocalToken? {
        let path = "\(folder)/\(fileName)"
        guard let bytes = try PrivateFile.read(path) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
        guard text.hasPrefix(prefix), text.utf8.count >= prefix.utf8.count + 43 else {
            throw KeyError("\(path) holds no token. Remove it; the server makes a new one when it starts.")
        }
        return LocalToken(text: text)
    }

    /// Whether that is the token.
    func admits(_ text: String) -> Bool {
        ConstantTime.isEqual(Array(text.utf8), Array(self.text.utf8))
    }
}
