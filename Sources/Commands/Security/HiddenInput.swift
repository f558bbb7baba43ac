// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What must not be typed on a command line, where other processes and the history of the shell see it.
enum HiddenInput {
    /// Reads a value: typed twice at a terminal without being shown, else all of standard input without one line feed at
    /// its end.
    ///
    /// - Parameter what: For the question: `Value of API_KEY`.
    static func read(_ what: String, limit: Int, _ console: Console) throws(CommandFailure) -> [UInt8] {
        let first = try readOnce(what, limit: limit, console)
        guard isatty(STDIN_FILENO) == 1 else { return first }
        guard try ask("Again: ", console) == first else {
            throw .usage("the two are not the same; nothing was changed")
        }
        return first
    }

    /// The same, typed once: for what is known already and only shown.
    static func readOnce(_ what: String, limit: Int, _ console: Console) throws(CommandFailure) -> [UInt8] {
        if isatty(STDIN_FILENO) == 1 { return try ask("\(what): ", console) }
        var bytes = try TextFile.bytes("-", limit: limit + 2)
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        return bytes
    }

    private static func ask(_ question: String, _ console: Console) throws(CommandFailure) -> [UInt8] {
        var before = termios()
        guard tcgetattr(STDIN_FILENO, &before) == 0 else {
            throw .invalid("the terminal cannot be asked: \(String(cString: strerror(errno)))")
        }
        var silent = before
        silent.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        defer {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
            console.draw("\n")
        }
        console.draw(question)
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while true {
            let count = Glibc.read(STDIN_FILENO, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1, byte != UInt8(ascii: "\n") else { return line }
            line.append(byte)
        }
    }
}
