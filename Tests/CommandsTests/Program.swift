// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSON

/// The real program with a data folder of its own, for tests; the folder goes away with the value.
final class Program {
    struct Result {
        let exit: Int32
        let output: String
        let errors: String

        /// Standard output as JSON.
        var json: JSONValue { (try? JSONValue(parsing: output)) ?? .null }
        /// Standard output as lines of JSON.
        var lines: [JSONValue] { output.split(separator: "\n").compactMap { try? JSONValue(parsing: String($0)) } }
    }

    let folder: String

    init() throws {
        var template = Array("/tmp/baton-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(number: errno) }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        _ = try? shell("rm -rf '\(folder)'")
    }

    /// Writes a file beside the data folder.
    func write(_ name: String, _ text: String) throws {
        guard let file = fopen("\(folder)/\(name)", "w") else { throw Failure(number: errno) }
        fputs(text, file)
        fclose(file)
    }

    /// Writes a file of any bytes.
    func write(_ name: String, bytes: [UInt8]) throws {
        guard let file = fopen("\(folder)/\(name)", "w") else { throw Failure(number: errno) }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw Failure(number: errno) }
    }

    /// The bytes of a file.
    func bytes(_ name: String) throws -> [UInt8] { try Self.read("\(folder)/\(name)") }

    /// Runs `baton` with the words of a shell; one that hangs ends with 124.
    func baton(_ words: String) throws -> Result {
        try shell("timeout 60 \"$BATON\" \(words)")
    }

    /// Runs a script for `bash` in the folder; `$BATON` is the program.
    func shell(_ script: String) throws -> Result {
        let (output, errors) = ("\(folder).out", "\(folder).err")
        defer {
            unlink(output)
            unlink(errors)
        }
        let environment = "BATON='\(Self.path)' BATON_HOME='\(folder)/data' USER=ann TZ=UTC"
        let quoted = script.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
        let status = system(
            "cd '\(folder)' && \(environment) bash -c '\(quoted)' >'\(output)' 2>'\(errors)' </dev/null"
        )
        return Result(exit: (status >> 8) & 0xff, output: try Self.text(output), errors: try Self.text(errors))
    }

    private struct Failure: Error {
        let number: Int32
    }

    /// The program is built beside the tests.
    private static let path: String = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let own = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let folders = own.split(separator: "/").map(String.init)
        let places = folders.indices.reversed().map { "/" + folders[..<$0].joined(separator: "/") + "/baton" }
        return places.first { access($0, X_OK) == 0 } ?? ".build/debug/baton"
    }()

    private static func text(_ path: String) throws -> String {
        String(decoding: try read(path), as: UTF8.self)
    }

    private static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "r") else { throw Failure(number: errno) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return bytes
    }
}
