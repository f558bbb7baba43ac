// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSON

/// Where a command writes: results to standard output, progress and errors to standard error.
///
/// Belongs to the thread of the command.
final class Console {
    /// Writes bytes; gives the number of the error that prevented it, or 0.
    typealias Sink = ([UInt8]) -> Int32

    struct Settings {
        var format = OutputFormat.table
        var isQuiet = false
        /// Colours and live views, by stream.
        var outputStyle = Style(isOn: false)
        var errorStyle = Style(isOn: false)
        var isErrorTerminal = false
        /// Columns of the terminal that results go to; `nil` when they go to none.
        var outputWidth: Int?
    }

    let settings: Settings
    /// The error that ended standard output: `EPIPE` when nobody reads any more.
    private(set) var outputError: Int32 = 0
    private let output: Sink
    private let errors: Sink
    private var pending: [UInt8] = []

    init(_ settings: Settings, output: @escaping Sink, errors: @escaping Sink) {
        self.settings = settings
        self.output = output
        self.errors = errors
    }

    // MARK: Results

    /// Writes a line of a result.
    func line(_ text: String) {
        pending.append(contentsOf: text.utf8)
        pending.append(UInt8(ascii: "\n"))
        if pending.count > 1 << 16 { flush() }
    }

    /// Writes text as it is.
    func write(_ text: String) {
        pending.append(contentsOf: text.utf8)
        if pending.count > 1 << 16 { flush() }
    }

    /// Writes a list in the format that was asked for.
    func show(_ items: [JSONValue], _ table: Table) {
        switch settings.format {
        case .table: for text in table.lines(width: settings.outputWidth, style: settings.outputStyle) { line(text) }
        case .json: line(JSONValue.array(items).prettyText)
        case .jsonl: for item in items { line(item.text) }
        case .yaml: write(YAMLWriter.text(of: .array(items)))
        case .compact where table.columns.isEmpty: for item in items { line(CompactText.line(item)) }
        case .compact: for text in table.compactLines { line(text) }
        }
    }

    /// Writes one thing in the format that was asked for; `text` is its form for people.
    func show(_ value: JSONValue, _ text: () -> String) {
        switch settings.format {
        case .table: write(text())
        case .json: line(value.prettyText)
        case .jsonl: line(value.text)
        case .yaml: write(YAMLWriter.text(of: value))
        case .compact where value.arrayValue != nil: for item in value.arrayValue ?? [] { line(CompactText.line(item)) }
        case .compact: line(CompactText.line(value))
        }
    }

    /// Hands everything to the system.
    func flush() {
        guard !pending.isEmpty else { return }
        if outputError == 0 {
            outputError = output(pending)
            if outputError != 0, outputError != EPIPE {
                _ = errors(
                    Array("baton: the output cannot be written: \(String(cString: strerror(outputError)))\n".utf8)
                )
            }
        }
        pending = []
    }

    /// Nobody gets the results any more.
    var isBroken: Bool { outputError != 0 }

    // MARK: Progress and errors

    /// Says something about the progress, unless that is not wanted.
    func note(_ text: String) {
        if !settings.isQuiet { complain(text) }
    }

    /// Says something whatever is wanted.
    func complain(_ text: String) {
        flush()
        _ = errors(Array("\(text)\n".utf8))
    }

    /// Draws on the terminal behind standard error.
    func draw(_ text: String) {
        _ = errors(Array(text.utf8))
    }

    /// Reports why the command ends.
    func report(_ failure: CommandFailure) {
        if settings.format == .table || settings.format == .compact {
            let head = settings.errorStyle.paint("baton: \(failure.code):", .red)
            complain("\(head) \(failure.message)")
            if let hint = failure.hint { complain("  \(hint)") }
            if let details = failure.details {
                complain(TextWidth.printable(YAMLWriter.text(of: details).dropLastNewline))
            }
        } else {
            var error: JSONObject = ["code": .string(failure.code), "message": .string(failure.message)]
            if let hint = failure.hint { error["hint"] = .string(hint) }
            error["details"] = failure.details
            complain(JSONValue.object(["error": .object(error)]).text)
        }
    }
}

extension String {
    fileprivate var dropLastNewline: String { hasSuffix("\n") ? String(dropLast()) : self }
}

extension Console {
    /// The process' own streams.
    static func standard(_ invocation: Invocation, _ environment: [String: String]) -> Console {
        var settings = Settings()
        settings.format = invocation.text("output").flatMap(OutputFormat.init) ?? .table
        settings.isQuiet = invocation.isOn("quiet")
        let noColor = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        let allowsColor = !noColor && !invocation.isOn("no-color") && environment["TERM"] != "dumb"
        settings.outputStyle = Style(isOn: allowsColor && isatty(STDOUT_FILENO) == 1)
        settings.errorStyle = Style(isOn: allowsColor && isatty(STDERR_FILENO) == 1)
        settings.isErrorTerminal = isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb"
        settings.outputWidth = terminalWidth(STDOUT_FILENO)
        return Console(
            settings,
            output: { writeAll($0, to: STDOUT_FILENO) },
            errors: { writeAll($0, to: STDERR_FILENO) }
        )
    }

    /// Columns of a terminal; `nil` when the descriptor is none.
    static func terminalWidth(_ descriptor: Int32) -> Int? {
        guard isatty(descriptor) == 1 else { return nil }
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Writes everything; gives the number of the error that prevented it, or 0.
    static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&waiting, 1, -1)
                continue
            }
            guard count > 0 else { return errno }
            done += count
        }
        return 0
    }
}
