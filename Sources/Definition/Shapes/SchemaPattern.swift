// Baton
// SPDX-License-Identifier: Apache-2.0

/// The forms of texts as regular expressions (ECMA-262, without looking ahead or behind).
enum SchemaPattern {
    static let id = "^\(idBody)$"
    static let end = "^\(idBody)(\\.\(idBody))?$"
    static let name = "^[A-Za-z_][A-Za-z0-9_./-]{0,199}$"
    /// Also matches the empty text.
    static let duration = "^(\(units)|P(\(dates)(T\(times))?|T\(times)))$"
    static let time =
        "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})$"
    static let money = "^[0-9]+(\\.[0-9]{1,12})?$"
    static let pointer = "^(/([^~/]|~[01])*)*$"
    /// Holds an expression.
    static let template = "\\$(\\{|nodes\\.|\\.)"

    private static let idBody = "[A-Za-z_][A-Za-z0-9_-]{0,63}"
    private static let number = "[0-9]+(\\.[0-9]+)?"
    private static let units = ["d", "h", "m", "s", "ms"].map { "(\(number)\($0))?" }.joined()
    private static let dates = "(\(number)W(\(number)D)?|\(number)D)"
    private static let times =
        "(\(number)H(\(number)M)?(\(number)S)?|\(number)M(\(number)S)?|\(number)S)"
}
