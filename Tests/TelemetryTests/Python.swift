// Baton
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import TestSupport

/// A Python with the packages of `Python/requirements.txt`: that of `scripts/telemetry`, or what `BATON_TEST_PYTHON` names.
enum Python {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    private static let path: String = {
        if let set = getenv("BATON_TEST_PYTHON") { return String(cString: set) }
        let own = root.appending(path: "../../.build/telemetry/venv/bin/python").standardized.path
        return access(own, X_OK) == 0 ? own : "python3"
    }()

    static let isThere = system("'\(path)' -c 'import prometheus_client, opentelemetry.proto' 2>/dev/null") == 0

    /// Runs a script of the folder `Python` with that input; what it writes.
    static func run(_ script: String, _ arguments: String = "", input: [UInt8]) throws -> String {
        let folder = TemporaryFolder()
        try Data(input).write(to: URL(filePath: "\(folder.path)/input"))
        let file = root.appending(path: "Python/\(script)").path
        let code = system("'\(path)' '\(file)' \(arguments) <'\(folder.path)/input' >'\(folder.path)/output' 2>&1")
        let output = String(decoding: try Data(contentsOf: URL(filePath: "\(folder.path)/output")), as: UTF8.self)
        guard code == 0 else { throw Failure(description: output) }
        return output
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }
}
