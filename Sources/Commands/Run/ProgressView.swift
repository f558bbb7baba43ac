// Baton
// SPDX-License-Identifier: Apache-2.0

import Model

/// Shows progress on standard error: plain lines, or on a terminal a view that is redrawn in place.
struct ProgressView {
    private static let frames = Array("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
    private static let maxRows = 12

    private let console: Console
    private let isLive: Bool
    private let width: Int
    /// Rows of the view that are on the terminal now.
    private var drawnRows = 0
    private var frame = 0

    init(_ console: Console, terminalWidth: Int?) {
        self.console = console
        isLive = console.settings.isErrorTerminal && !console.settings.isQuiet && terminalWidth != nil
        width = terminalWidth ?? 80
    }

    /// Milliseconds between two drawings.
    var interval: Int64 { isLive ? 100 : 60_000 }

    /// Tells what happened.
    mutating func show(_ step: RunProgress.Step) {
        if !isLive {
            console.note(Self.plain(step))
        } else if step.isNews, let node = step.node {
            clear()
            let ink: Style.Ink =
                switch step.mark {
                case .done: .green
                case .failed: .red
                case .skipped, .info: .dim
                case .waiting, .retry: .yellow
                }
            let note = TextWidth.cut(
                TextWidth.oneLine(step.note.trimmingParentheses),
                to: max(10, width - node.count - 6)
            )
            let style = console.settings.errorStyle
            console.draw("\(style.paint(step.mark.rawValue, ink)) \(node)  \(style.paint(note, .dim))\n")
        }
    }

    /// A line without colours: `12:00:01 task.completed history (0.4s)`.
    static func plain(_ step: RunProgress.Step) -> String {
        [TimeText.clock(step.at), step.type, step.node ?? "", TextWidth.oneLine(step.note)]
            .filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// Draws what is going on now.
    mutating func redraw(_ progress: RunProgress, now: Timestamp) {
        guard isLive else { return }
        frame = (frame + 1) % Self.frames.count
        var rows = progress.openTasks.prefix(Self.maxRows).map { row($0, now) }
        let more = progress.openTasks.count - rows.count
        if more > 0 { rows.append("  … and \(more) more") }
        rows.append("  \(progress.ended) of \(progress.allTasks) tasks")
        var text = erasing
        for row in rows { text += row + "\n" }
        drawnRows = rows.count
        console.draw(text)
    }

    /// Takes the view away.
    mutating func clear() {
        guard isLive, drawnRows > 0 else { return }
        console.draw(erasing)
        drawnRows = 0
    }

    private var erasing: String { drawnRows > 0 ? "\u{1b}[\(drawnRows)A\r\u{1b}[J" : "" }

    private func row(_ task: RunProgress.OpenTask, _ now: Timestamp) -> String {
        let (mark, note): (String, String) =
            switch task.stage {
            case .running:
                (
                    String(Self.frames[frame]),
                    TimeText.span(now - task.since) + (task.attempt > 1 ? "  attempt \(task.attempt)" : "")
                )
            case .retrying(let until): ("↻", "again in \(TimeText.span(until - now))")
            case .timer(let until): ("⏸", "until \(TimeText.clock(until)) (\(TimeText.span(until - now)))")
            case .person(let id): ("⏸", "waits for a person: \(id)")
            case .signal(let type): ("⏸", "waits for a signal: \(type)")
            case .child(let run): ("⏸", "waits for \(run)")
            }
        return TextWidth.cut("\(mark) \(task.name)  \(note)", to: width - 1)
    }
}

extension String {
    /// A note that is one pair of parentheses, without them.
    fileprivate var trimmingParentheses: String {
        hasPrefix("(") && hasSuffix(")") && filter { $0 == "(" }.count == 1 ? String(dropFirst().dropLast()) : self
    }
}
