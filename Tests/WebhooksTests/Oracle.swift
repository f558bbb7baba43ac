// Baton
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import TestSupport

/// The reference library of Standard Webhooks, from PyPI, in the Python that `BATON_TEST_PYTHON` names.
enum Oracle {
    private static let python = getenv("BATON_TEST_PYTHON").map { String(cString: $0) } ?? "python3"

    static let isThere = system("'\(python)' -c 'import standardwebhooks' 2>/dev/null") == 0

    /// Whether the library takes a message; it holds the time against its own clock.
    static func takes(_ headers: [(name: String, value: String)], _ body: [UInt8], secret: String) throws -> Bool {
        let folder = TemporaryFolder()
        let lines = ([secret] + headers.map { "\($0.name)=\($0.value)" }).joined(separator: "\n")
        try Data(lines.utf8).write(to: URL(filePath: "\(folder.path)/headers"))
        try Data(body).write(to: URL(filePath: "\(folder.path)/body"))
        let script = """
            import sys
            from standardwebhooks.webhooks import Webhook
            lines = open(sys.argv[1] + "/headers").read().split("\\n")
            Webhook(lines[0]).verify(open(sys.argv[1] + "/body").read(), dict(line.split("=", 1) for line in lines[1:]))
            """
        try Data(script.utf8).write(to: URL(filePath: "\(folder.path)/check.py"))
        return system("'\(python)' '\(folder.path)/check.py' '\(folder.path)' 2>/dev/null") == 0
    }
}
