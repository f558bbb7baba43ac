// Baton
// SPDX-License-Identifier: Apache-2.0

import Compression
import Glibc
import Testing

@Suite struct GzipTests {
    @Test func `the program gzip reads what is written`() throws {
        let text = (0..<20_000).map { "line \($0 % 97)\n" }.joined()
        for level in [1, 4, 9] {
            let packed = Gzip.compress(Array(text.utf8), level: level)
            #expect(packed.count < text.utf8.count / 4)
            let path = "/tmp/baton-gzip-\(getpid())-\(level)"
            defer { unlink(path) }
            let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            #expect(write(file, packed, packed.count) == packed.count)
            close(file)
            let pipe = try #require(popen("gzip -dc < \(path)", "r"))
            var read: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65536)
            while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { read += buffer[..<count] }
            #expect(pclose(pipe) == 0)
            #expect(read == Array(text.utf8))
        }
        #expect(Gzip.compress([]).count == 20)
    }
}
