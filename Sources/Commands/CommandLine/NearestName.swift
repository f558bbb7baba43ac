// Baton
// SPDX-License-Identifier: Apache-2.0

import Text

/// Finds what a misspelt word was probably meant to be.
enum NearestName {
    /// The nearest of the known names, if it is near: up to a third of the letters differ (at least one, at most
    /// three), or it starts with the word.
    static func find(_ word: String, among known: [String]) -> String? {
        var speller = Speller()
        if let near = speller.nearest(to: word, among: known) { return near }
        return word.utf8.count >= 2 ? known.first { $0.hasPrefix(word) } : nil
    }
}
