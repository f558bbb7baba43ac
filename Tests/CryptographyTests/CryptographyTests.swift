// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@testable import Cryptography

private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
}

@Suite struct CryptographyTests {
    @Test func `scrypt gives the hashes of RFC 7914`() throws {
        let cases: [(String, String, Scrypt, String)] = [
            (
                "password", "NaCl", Scrypt(logarithmOfCost: 10, blockSize: 8, parallelism: 16),
                "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830da"
                    + "c727afb94a83ee6d8360cbdfa2cc0640"
            ),
            (
                "pleaseletmein", "SodiumChloride", Scrypt(logarithmOfCost: 14, blockSize: 8, parallelism: 1),
                "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9"
                    + "e61e85dc0d651e40dfcf017b45575887"
            ),
        ]
        for (password, salt, scrypt, expected) in cases {
            let hash = try #require(scrypt.hash(Array(password.utf8), salt: Array(salt.utf8), length: 64))
            #expect(hexadecimal(hash) == expected, "\(password)")
        }
        #expect(Scrypt(logarithmOfCost: 63, blockSize: 8, parallelism: 1).hash([], salt: []) == nil)
        #expect(Scrypt.standard.hash([], salt: [1]) != nil)
    }

    @Test func `codes are those of RFC 4231 and 5869`() {
        let code = HMACSHA256.code(Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        #expect(hexadecimal(code) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        let key: [UInt8] = [
            0x07, 0x77, 0x09, 0x36, 0x2c, 0x2e, 0x32, 0xdf, 0x0d, 0xdc, 0x3f, 0x0d, 0xc4, 0x7b, 0xba, 0x63, 0x90, 0xb6,
            0xc7, 0x3b, 0xb5, 0x0f, 0x9c, 0x31, 0x22, 0xec, 0x84, 0x4a, 0xd7, 0xc2, 0xb3, 0xe5,
        ]
        let info = String(decoding: [] as [UInt8], as: UTF8.self)
        // The first block of test case 3 of RFC 5869 has no information; only its key differs.
        #expect(HMACSHA256.derive(info, from: key) == HMACSHA256.code([1], key: key))
        #expect(HMACSHA256.derive("a", from: key) != HMACSHA256.derive("b", from: key))
    }

    @Test func `what is sealed opens only as it was, with the same key and context`() {
        let (key, other) = (SecureRandom.bytes(32), SecureRandom.bytes(32))
        for text in ["", "a", String(repeating: "long ", count: 5000)] {
            let bytes = Array(text.utf8)
            let sealed = AESGCM.seal(bytes, key: key, context: [7])
            #expect(sealed.count == bytes.count + 28)
            #expect(AESGCM.open(sealed, key: key, context: [7]) == bytes)
            #expect(AESGCM.open(sealed, key: other, context: [7]) == nil)
            #expect(AESGCM.open(sealed, key: key, context: []) == nil)
            #expect(AESGCM.seal(bytes, key: key, context: [7]) != sealed)
        }
        let sealed = AESGCM.seal(Array("secret".utf8), key: key, context: [])
        let opened = sealed.indices.filter { index in
            var changed = sealed
            changed[index] ^= 1
            return AESGCM.open(changed, key: key, context: []) != nil
        }
        #expect(opened.isEmpty)
        #expect((0..<sealed.count).allSatisfy { AESGCM.open(Array(sealed.prefix($0)), key: key, context: []) == nil })
    }

    @Test func `base 64 has one spelling of each value`() {
        let cases = ["": "", "f": "Zg", "fo": "Zm8", "foo": "Zm9v", "foob": "Zm9vYg", "fooba": "Zm9vYmE"]
        for (plain, text) in cases {
            #expect(Base64.encode(Array(plain.utf8)) == text)
            #expect(Base64.decode(text) == Array(plain.utf8))
        }
        #expect(Base64.encode([0xfb, 0xff]) == "-_8" && Base64.encode([0xfb, 0xff], .standard) == "+/8")
        #expect(["Zh", "Z", "Zg==", "Z g", "+/8", "Zg\n"].allSatisfy { Base64.decode($0) == nil })
    }

    @Test func `equality is that of the bytes`() {
        #expect(ConstantTime.isEqual([], []) && ConstantTime.isEqual([1, 2], [1, 2]))
        #expect(!ConstantTime.isEqual([1], [1, 2]) && !ConstantTime.isEqual([1, 3], [1, 2]))
    }
}

@Suite struct KeyringTests {
    @Test func `a folder gets one key, which it keeps, rotates and forgets`() throws {
        let folder = TemporaryFolder()
        #expect(try Keyring.load(folder: folder.path, environment: [:], creates: false) == nil)
        let ring = try #require(try Keyring.load(folder: folder.path, environment: [:], creates: true))
        let again = try #require(try Keyring.load(folder: folder.path, environment: [:], creates: true))
        #expect(ring.key(1) == again.key(1) && ring.current == 1)
        var status = stat()
        #expect(stat(folder.path + "/secret.key", &status) == 0 && status.st_mode & 0o777 == 0o600)
        try ring.rotated().save(folder: folder.path, environment: [:])
        let rotated = try #require(try Keyring.load(folder: folder.path, environment: [:], creates: true))
        #expect(rotated.versions == [1, 2] && rotated.current == 2 && rotated.key(1) == ring.key(1))
        try rotated.withoutOld().save(folder: folder.path, environment: [:])
        let last = try #require(try Keyring.load(folder: folder.path, environment: [:], creates: true))
        #expect(last.versions == [2] && last.key(2) == rotated.key(2))
        #expect(rotated.derived(for: "a")[1] != rotated.derived(for: "a")[2])
        #expect(rotated.derived(for: "a")[1] != rotated.derived(for: "b")[1])
    }

    @Test func `a file that others may use, and one that is none, is refused`() throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/secret.key"
        #expect(try PrivateFile.create(path, Array(Keyring().text.utf8)))
        #expect(try !PrivateFile.create(path, []))
        chmod(path, 0o640)
        #expect(throws: KeyError.self) { try Keyring.load(folder: folder.path, environment: [:], creates: true) }
        unlink(path)
        symlink("/dev/null", path)
        #expect(throws: KeyError.self) { try Keyring.load(folder: folder.path, environment: [:], creates: true) }
        unlink(path)
        mkfifo(path, 0o600)
        #expect(throws: KeyError.self) { try Keyring.load(folder: folder.path, environment: [:], creates: true) }
        unlink(path)
        #expect(try PrivateFile.create(path, [UInt8](repeating: 65, count: 1 << 17)))
        #expect(throws: KeyError.self) { try PrivateFile.read(path) }
    }

    @Test func `a variable takes the place of the file`() throws {
        let folder = TemporaryFolder()
        let key = Base64.encode([UInt8](repeating: 7, count: 32))
        for text in [key, "1:\(key)", "  1:\(key)=\n", "# a\n1:\(key),\n"] {
            let environment = ["BATON_SECRET_KEY": text]
            let ring = try #require(
                try Keyring.load(folder: folder.path, environment: environment, creates: true),
                "\(text)"
            )
            #expect(ring.key(1) == [UInt8](repeating: 7, count: 32), "\(text)")
            #expect(throws: KeyError.self) { try ring.save(folder: folder.path, environment: environment) }
        }
        for text in ["x", "0:\(key)", "1:\(key),1:\(key)", "1:\(key)AA", "1:2:\(key)", "#"] {
            #expect(throws: KeyError.self, "\(text)") { try Keyring(parsing: text, from: "test") }
        }
        #expect(access(folder.path + "/secret.key", F_OK) != 0)
    }
}
