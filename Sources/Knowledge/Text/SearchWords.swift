// Baton
// SPDX-License-Identifier: Apache-2.0

/// The words of a question that are worth looking for.
public enum SearchWords {
    /// So many words of a question count, the first ones.
    public static let limit = 32
    /// Longer words are cut.
    private static let longest = 64

    /// Runs of letters and digits in lower case, each once; small words only when there are no others.
    ///
    /// Whatever a question holds, the result is words: no mark of any search language is left in it.
    public static func of(_ question: String) -> [String] {
        var (words, seen) = ([String](), Set<String>())
        for part in question.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
            let word = String(part.prefix(longest))
            if seen.insert(word).inserted { words.append(word) }
        }
        let telling = words.filter { !small.contains($0) }
        return Array((telling.isEmpty ? words : telling).prefix(limit))
    }

    /// Words that are in nearly every text, English and German.
    private static let small: Set<String> = Set(
        """
        a about all an and are as at be been but by can could did do does for from had has have how i if in into is it its me
        my no not of on or our she should so than that the their them then there these they this to was we were what when
        where which who why will with would you your
        aber als am an auch auf aus bei bin bis das dass dem den der des die dies doch du durch ein eine einem einen einer er
        es für hat ich ihr im ist ja kann man mit nach nicht noch nur oder ob sich sie sind so um und uns vom von war was
        wenn wer wie wir wird wo zu zum zur
        """.split(whereSeparator: \.isWhitespace).map(String.init)
    )
}
