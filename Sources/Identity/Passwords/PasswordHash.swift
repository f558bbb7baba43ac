// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Cryptography
internal import Threads

/// The hash of a password, with how it was made: `$scrypt$ln=15,r=8,p=1$SALT$HASH`, base 64 without padding.
struct PasswordHash {
    let scrypt: Scrypt
    let salt: [UInt8]
    let hash: [UInt8]

    /// Reads the text form; `nil` when it is none.
    init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt",
            let salt = Base64.decode(parts[3], .standard), let hash = Base64.decode(parts[4], .standard),
            salt.count >= 8, hash.count == 32
        else { return nil }
        let values = parts[2].split(separator: ",").map { $0.split(separator: "=") }
        guard values.count == 3, values.map(\.first) == ["ln", "r", "p"],
            let cost = values[0].last.flatMap({ Int($0) }), let block = values[1].last.flatMap({ Int($0) }),
            let parallelism = values[2].last.flatMap({ Int($0) })
        else { return nil }
        scrypt = Scrypt(logarithmOfCost: cost, blockSize: block, parallelism: parallelism)
        (self.salt, self.hash) = (salt, hash)
        guard scrypt.isUsable else { return nil }
    }

    init(scrypt: Scrypt, salt: [UInt8], hash: [UInt8]) {
        (self.scrypt, self.salt, self.hash) = (scrypt, salt, hash)
    }

    var text: String {
        "$scrypt$ln=\(scrypt.logarithmOfCost),r=\(scrypt.blockSize),p=\(scrypt.parallelism)"
            + "$\(Base64.encode(salt, .standard))$\(Base64.encode(hash, .standard))"
    }
}

/// Hashes and checks passwords, a few at a time because each holds 32 MiB.
final class PasswordHasher: Sendable {
    private let scrypt: Scrypt
    private let permits: ThreadSemaphore
    /// What unknown users are checked against, so that they cost the same time.
    private let decoy: PasswordHash

    init(_ scrypt: Scrypt, atOnce: Int = 2) {
        self.scrypt = scrypt
        permits = ThreadSemaphore(UInt32(atOnce))
        decoy = PasswordHash(scrypt: scrypt, salt: SecureRandom.bytes(16), hash: SecureRandom.bytes(32))
    }

    /// The text form of a new hash.
    func hash(_ password: String) throws(IdentityError) -> String {
        let salt = SecureRandom.bytes(16)
        return PasswordHash(scrypt: scrypt, salt: salt, hash: try compute(scrypt, password, salt)).text
    }

    /// Whether that is the password; the answer takes as long when there is none.
    func verify(_ password: String, against stored: String?) throws(IdentityError) -> Bool {
        let known = stored.flatMap(PasswordHash.init)
        let expected = known ?? decoy
        let hash = try compute(expected.scrypt, password, expected.salt)
        return ConstantTime.isEqual(hash, expected.hash) && known != nil
    }

    /// Whether a hash was made with other parameters than new ones are.
    func isOutdated(_ stored: String) -> Bool {
        PasswordHash(stored)?.scrypt != scrypt
    }

    private func compute(_ scrypt: Scrypt, _ password: String, _ salt: [UInt8]) throws(IdentityError) -> [UInt8] {
        permits.wait()
        defer { permits.signal() }
        guard let hash = scrypt.hash(Array(password.utf8), salt: salt) else {
            throw IdentityError(.storage, "There is not enough memory to check a password.")
        }
        return hash
    }
}
