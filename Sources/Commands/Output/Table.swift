// Baton
// SPDX-License-Identifier: Apache-2.0

/// Rows of text under headings, aligned.
struct Table {
    /// How a column is painted.
    enum Paint {
        case plain
        case status
        case dim
    }

    struct Column {
        let title: String
        var paint = Paint.plain
        /// Numbers are aligned at their end.
        var isNumber = false
    }

    let columns: [Column]
    private(set) var rows: [[String]] = []

    init(_ columns: [Column]) {
        self.columns = columns
    }

    /// One cell for each column; an empty one is shown as `-`.
    mutating func add(_ cells: [String]) {
        rows.append(cells.map { $0.isEmpty ? "-" : TextWidth.oneLine($0) })
    }

    /// The lines; `width` cuts the widest column so that they fit.
    func lines(width: Int?, style: Style) -> [String] {
        let widths = widths(fitting: width)
        let head = zip(columns, widths).map { column, width in
            let space = String(repeating: " ", count: max(0, width - column.title.count))
            let title = TextWidth.cut(column.title, to: width)
            return column.isNumber ? space + title : title + space
        }
        return [style.paint(Self.joined(head), .bold)]
            + rows.map { row in
                Self.joined(columns.indices.map { cell(row[$0], columns[$0], widths[$0], style) })
            }
    }

    /// The cells of each row with a tab between them, as long as they are.
    var compactLines: [String] { rows.map { $0.joined(separator: "\t") } }

    private func cell(_ text: String, _ column: Column, _ width: Int, _ style: Style) -> String {
        let cut = TextWidth.cut(text, to: width)
        let space = String(repeating: " ", count: max(0, width - cut.count))
        let painted =
            switch column.paint {
            case .plain: cut
            case .status: style.status(cut)
            case .dim: style.paint(cut, .dim)
            }
        return column.isNumber ? space + painted : painted + space
    }

    private func widths(fitting width: Int?) -> [Int] {
        var widths = columns.indices.map { index in
            max(columns[index].title.count, rows.map { $0[index].count }.max() ?? 0)
        }
        guard let width else { return widths }
        while widths.reduce(0, +) + 2 * (widths.count - 1) > width {
            guard let widest = widths.indices.max(by: { widths[$0] < widths[$1] }), widths[widest] > 8 else { break }
            widths[widest] -= 1
        }
        return widths
    }

    private static func joined(_ cells: [String]) -> String {
        var line = cells.joined(separator: "  ")
        while line.last == " " { line.removeLast() }
        return line
    }
}
