// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// A schema of the usual kind and values for it, nine in ten of them right.
enum Orders {
    static let schema: JSONValue = [
        "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
        "required": ["id", "customer", "items", "status"], "additionalProperties": false,
        "properties": [
            "id": ["type": "string", "pattern": "^ord_[0-9]{6}$"],
            "customer": ["$ref": "#/$defs/customer"],
            "items": ["type": "array", "minItems": 1, "maxItems": 50, "items": ["$ref": "#/$defs/item"]],
            "status": ["enum": ["open", "paid", "sent", "returned"]],
            "payment": [
                "oneOf": [
                    ["properties": ["kind": ["const": "card"], "last4": ["type": "string"]], "required": ["last4"]],
                    ["properties": ["kind": ["const": "invoice"], "days": ["type": "integer"]], "required": ["days"]],
                ]
            ],
            "labels": ["type": "array", "uniqueItems": true, "items": ["type": "string", "maxLength": 20]],
        ],
        "$defs": [
            "customer": [
                "type": "object", "required": ["name", "email"],
                "properties": [
                    "name": ["type": "string", "minLength": 1], "email": ["type": "string", "maxLength": 100],
                    "address": ["anyOf": [["type": "string"], ["$ref": "#/$defs/address"]]],
                ],
            ],
            "address": [
                "type": "object", "required": ["city"],
                "properties": ["city": ["type": "string"], "zip": ["type": "string", "pattern": "^[0-9]+$"]],
            ],
            "item": [
                "type": "object", "required": ["sku", "count", "price"],
                "properties": [
                    "sku": ["type": "string", "minLength": 3], "count": ["type": "integer", "minimum": 1],
                    "price": ["type": "number", "exclusiveMinimum": 0, "multipleOf": 0.25],
                ],
            ],
        ],
    ]

    static func instances(_ count: Int) -> [JSONValue] { (0..<count).map(instance) }

    private static func instance(_ number: Int) -> JSONValue {
        let isWrong = number % 10 == 9
        let items = (0..<(3 + number % 8)).map { item -> JSONValue in
            [
                "sku": .string("sku-\(number)-\(item)"), "count": .int(Int64(item + 1)),
                "price": .double(Double(9 + item) / 4),
            ]
        }
        let payment: JSONValue =
            number % 2 == 0 ? ["kind": "card", "last4": "1234"] : ["kind": "invoice", "days": isWrong ? "30" : 30]
        let digits = String(number)
        return [
            "id": .string("ord_" + String(repeating: "0", count: 6 - digits.count) + digits),
            "customer": [
                "name": "Ada Lovelace", "email": "ada@example.com",
                "address": number % 3 == 0 ? "Main Street 1" : ["city": "London", "zip": "12345"],
            ],
            "items": .array(items), "status": number % 4 == 0 ? "open" : "paid", "payment": payment,
            "labels": ["new", "priority", .string("region-\(number % 7)")],
        ]
    }
}
