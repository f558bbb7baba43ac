// Baton
// SPDX-License-Identifier: Apache-2.0

/// What two texts differ in, as `diff -u` shows it.
public enum TextDifference {
    private static let context = 3

    /// A unified diff with three lines of context; empty when the texts have the same lines.
    ///
    /// - Parameters:
    ///   - oldName: Stands behind `---`.
    ///   - newName: Stands behind `+++`.
    public static func unified(_ old: String, _ new: String, oldName: String, newName: String) -> String {
        let (oldLines, newLines) = (lines(old), lines(new))
        let steps = LineEdits(oldLines, newLines).steps
        let hunks = hunks(steps)
        guard !hunks.isEmpty else { return "" }
        var result = "--- \(oldName)\n+++ \(newName)\n"
        for hunk in hunks { result += text(steps, hunk, oldLines, newLines) }
        return result
    }

    /// A last line feed ends the last line; it begins no other.
    private static func lines(_ text: String) -> [Substring] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    /// Ranges of steps around changes that are near each other.
    private static func hunks(_ steps: [LineEdits.Step]) -> [Range<Int>] {
        var hunks: [Range<Int>] = []
        for (index, step) in steps.enumerated() {
            if case .keep = step { continue }
            let around = max(0, index - context)..<min(steps.count, index + context + 1)
            if let last = hunks.last, around.lowerBound <= last.upperBound {
                hunks[hunks.count - 1] = last.lowerBound..<around.upperBound
            } else {
                hunks.append(around)
            }
        }
        return hunks
    }

    private static func text(
        _ steps: [LineEdits.Step],
        _ hunk: Range<Int>,
        _ old: [Substring],
        _ new: [Substring]
    ) -> String {
        // Lines before the hunk, in each text.
        var (oldStart, newStart) = (0, 0)
        for step in steps[..<hunk.lowerBound] {
            if case .insert = step {} else { oldStart += 1 }
            if case .remove = step {} else { newStart += 1 }
        }
        var (oldCount, newCount) = (0, 0)
        var body = ""
        for step in steps[hunk] {
            switch step {
            case .keep(let line, _):
                (oldCount, newCount) = (oldCount + 1, newCount + 1)
                body += " \(old[line])\n"
            case .remove(let line):
                oldCount += 1
                body += "-\(old[line])\n"
            case .insert(let line):
                newCount += 1
                body += "+\(new[line])\n"
            }
        }
        return "@@ -\(range(oldStart, oldCount)) +\(range(newStart, newCount)) @@\n" + body
    }

    /// `first,count`; an empty range names the line before it.
    private static func range(_ start: Int, _ count: Int) -> String {
        let first = count == 0 ? start : start + 1
        return count == 1 ? "\(first)" : "\(first),\(count)"
    }
}
