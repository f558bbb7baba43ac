// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// Kinds that compute: `transform`, `filter`, `aggregate`.
extension NodeTypeDescription {
    static let transform = Self(
        label: "Transform",
        category: .data,
        icon: "transform",
        summary: "Builds a value",
        timeout: .seconds(5),
        config: Shape(
            "the config of `transform`",
            .config,
            groups: [.init(keys: ["set", "expr"])],
            [
                .optional("set", .objectTemplate([]), "an object of expressions"),
                .optional("expr", .expression([]), "one expression"),
                .optional("remove", .list(.pointer, 0...1000), "JSON Pointers that are taken out", default: []),
            ]
        )
    )

    static let filter = Self(
        label: "Filter",
        category: .data,
        icon: "filter",
        summary: "Keeps the items for which a condition holds",
        timeout: .seconds(5),
        config: Shape(
            "the config of `filter`",
            .config,
            [
                .required("items", items, "the list"),
                .required("where", .condition(itemVariables), "over the item and `index`"),
                .optional("as", .id, "the variable that holds the item", default: "item"),
                .optional("limit", .integer(0...1_000_000), "most items that are kept"),
            ]
        )
    )

    static let aggregate = Self(
        label: "Aggregate",
        category: .data,
        icon: "aggregate",
        summary: "Condenses a list",
        timeout: .seconds(5),
        config: Shape(
            "the config of `aggregate`",
            .config,
            [
                .required("items", items, "the list"),
                .optional("group_by", .expression(itemVariables), "items with one value make a group"),
                .required("ops", .list(.shape(operation), 1...100), "the results"),
            ]
        )
    )

    private static let items = ValueType.computed(.list(.template([]), 0...1_000_000), [])
    private static let itemVariables = ["item", "index"]

    private static let operation = Shape(
        "an operation",
        .config,
        [
            .required("as", .id, "name of the result"),
            .required("fn", .choice(Graph.Aggregate.Function.allCases.map(\.rawValue)), "how"),
            .optional("of", .expression(itemVariables), "over `item` and `index`; the item itself when missing"),
        ]
    )
}
