// Baton
// SPDX-License-Identifier: Apache-2.0

/// How far vertices of one layer must be apart.
struct Spacing {
    let sizes: [Int64]
    let nodeCount: Int
    let gap: Int64

    /// From the middle of `left` to the middle of its neighbour `right`.
    func distance(_ left: Int, _ right: Int) -> Int64 {
        let areDummies = left >= nodeCount && right >= nodeCount
        return (sizes[left] + 1) / 2 + sizes[right] / 2 + (areDummies ? gap / 2 : gap)
    }
}
