// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Runs a command of the shell; what it writes, errors too, and its exit code.
func shell(_ command: String) async -> (output: String, code: Int32) {
    await blocking {
        guard let pipe = popen("exec 2>&1; \(command)", "r") else { return ("cannot start", -1) }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { output += buffer[..<count] }
        let status = pclose(pipe)
        return (String(decoding: output, as: UTF8.self), (status >> 8) & 0xff)
    }
}

/// A program is on PATH.
func has(_ program: String) -> Bool {
    let path = getenv("PATH").map { String(cString: $0) } ?? ""
    return path.split(separator: ":").contains { access("\($0)/\(program)", X_OK) == 0 }
}

/// A Python that has a module; `BATON_TEST_PYTHON` names another one than that on PATH.
let python = getenv("BATON_TEST_PYTHON").map { String(cString: $0) } ?? "python3"

/// That Python can import a module.
func hasPython(_ module: String) -> Bool {
    system("\(python) -c 'import \(module)' 2>/dev/null") == 0
}
