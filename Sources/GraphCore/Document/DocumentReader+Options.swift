// Baton
// SPDX-License-Identifier: Apache-2.0

extension DocumentReader {
    mutating func readOptions() throws(GraphFailure) {
        guard try json.kind() == .object else {
            throw GraphFailure("E105", "`options` must be an object", at: json.position)
        }
        var seen = SeenKeys()
        try json.beginObject()
        while let key = try nextKey(&seen) {
            _ = try json.kind()
            let offset = json.position
            switch key {
            case .from: document.options.from = try text().map { .init(text: $0, offset: offset) }
            case .to: document.options.to = try text().map { .init(text: $0, offset: offset) }
            case .direction:
                switch try word() {
                case .right: document.options.direction = .right
                case .down: document.options.direction = .down
                default: throw GraphFailure("E105", "`direction` is `right` or `down`", at: offset)
                }
            case .nodeGap: document.options.nodeGap = try gap() ?? document.options.nodeGap
            case .layerGap: document.options.layerGap = try gap() ?? document.options.layerGap
            default: try json.skip()
            }
        }
    }

    private mutating func gap() throws(GraphFailure) -> Int64? { try length(in: 0...LayeredLayout.gapLimit) }
}
