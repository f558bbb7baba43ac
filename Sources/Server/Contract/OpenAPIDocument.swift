// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Identity
internal import JSON

/// The OpenAPI 3.1 document, made of the contracts that requests are held against.
struct OpenAPIDocument {
    let json: JSONValue

    /// - Parameter url: Where the API is.
    init(_ routes: [Route], version: String, url: String = "/") {
        var paths = JSONObject()
        for route in routes {
            var operations = paths[route.pattern.text]?.objectValue ?? [:]
            operations[route.method.lowercased()] = Self.operation(route)
            paths[route.pattern.text] = .object(operations)
        }
        json = [
            "openapi": "3.1.0",
            "info": [
                "title": "Baton", "version": .string(version),
                "summary": "Durable orchestration of agents, tools, HTTP calls and people.",
                "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
            ],
            "servers": [["url": .string(url)]],
            "tags": .array(Contract.Area.allCases.map { ["name": .string($0.rawValue)] }),
            "paths": .object(paths),
            "components": [
                "schemas": .object(Components.schemas),
                "securitySchemes": [
                    "bearer": ["type": "http", "scheme": "bearer"],
                    "cookie": [
                        "type": "apiKey", "in": "cookie", "name": "baton_access",
                        "description":
                            "`__Host-baton_access` over HTTPS. What changes something must come from a page of the server.",
                    ],
                ],
            ],
        ]
    }

    private static func operation(_ route: Route) -> JSONValue {
        let contract = route.contract
        var operation: JSONObject = [
            "operationId": .string(contract.id), "summary": .string(contract.summary),
            "tags": [.string(contract.area.rawValue)],
        ]
        let permissions = contract.audience.permissions
        if !permissions.isEmpty {
            operation["security"] = [["bearer": []], ["cookie": []]]
            operation["x-permission"] = .string(permissions.map(\.rawValue).joined(separator: " "))
        } else {
            operation["security"] = []
        }
        let parameters =
            route.pattern.parameters.map(pathParameter) + contract.query.map(queryParameter)
            + route.headers.map(headerParameter)
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if contract.checksFurther { operation["x-checks-further"] = true }
        operation["requestBody"] = body(contract.body)
        operation["responses"] = responses(route)
        return .object(operation)
    }

    // MARK: Parameters

    private static func pathParameter(_ name: String) -> JSONValue {
        let shape = Components.pathParameter(name)
        return ["name": .string(name), "in": "path", "required": true, "schema": .object(shape.schema)]
    }

    private static func queryParameter(_ item: Contract.Item) -> JSONValue {
        var schema = item.shape.schema
        let meaning = schema["description"] ?? ""
        schema["description"] = nil
        var shape = JSONValue.object(schema)
        if item.repeats { shape = ["type": "array", "items": shape, "maxItems": 20] }
        return [
            "name": .string(item.name), "in": "query", "description": meaning, "required": .bool(item.isRequired),
            "schema": shape,
        ]
    }

    private static func headerParameter(_ header: Contract.Header) -> JSONValue {
        [
            "name": .string(header.rawValue), "in": "header", "description": .string(header.meaning),
            "schema": .object((header.shape ?? .text).schema),
        ]
    }

    // MARK: Bodies

    private static func body(_ body: Contract.Body) -> JSONValue? {
        switch body {
        case .none: return nil
        case .json(let shape, let isRequired):
            return [
                "required": .bool(isRequired), "content": ["application/json": ["schema": .object(shape.schema)]],
            ]
        case .document:
            let content = DocumentRoutes.types.map { JSONObject.Member(key: $0, value: ["schema": [:]]) }
            return ["required": true, "content": .object(JSONObject(members: content))]
        case .bytes:
            return ["required": false, "content": ["application/octet-stream": ["schema": [:]]]]
        }
    }

    private static func responses(_ route: Route) -> JSONValue {
        let contract = route.contract
        var responses = JSONObject()
        for answer in contract.answers {
            var response: JSONObject = ["description": .string(answer.meaning)]
            if let shape = answer.shape {
                response["content"] = [answer.mediaType: ["schema": .object(shape.schema)]]
            }
            responses[String(answer.status)] = .object(response)
        }
        for (status, meaning) in problems(route) where responses[status] == nil {
            responses[status] = problem(meaning)
        }
        responses["default"] = problem("Something else went wrong.")
        if contract.takesKeyHeader { addProviderErrors(to: &responses) }
        return .object(responses)
    }

    /// Clients of models are refused as their providers would refuse them, once they are let in.
    private static func addProviderErrors(to responses: inout JSONObject) {
        let problem = "application/problem+json"
        for member in responses {
            guard var response = member.value.objectValue, var content = response["content"]?.objectValue,
                content[problem] != nil
            else { continue }
            content["application/json"] = ["schema": .object(Shape.anyObject.schema)]
            response["content"] = .object(content)
            responses[member.key] = .object(response)
        }
    }

    /// The ways to be refused that an operation shares with others.
    private static func problems(_ route: Route) -> [(String, String)] {
        var problems = [("429", "Too often; `Retry-After` says when to come again.")]
        if !route.contract.audience.permissions.isEmpty {
            problems.append(("401", "No valid credential."))
            problems.append(("403", "The credential does not let this through."))
        }
        if !route.pattern.parameters.isEmpty {
            problems.append(("404", "It is not there, or belongs to somebody else."))
        }
        problems.append(("422", "The request is not what the operation takes; `errors` says where."))
        if case .none = route.contract.body {
        } else {
            problems.append(("400", "The body cannot be read."))
            problems.append(("413", "The body is too large."))
            problems.append(("415", "The body is of another media type."))
        }
        return problems
    }

    private static func problem(_ meaning: String) -> JSONValue {
        [
            "description": .string(meaning),
            "content": ["application/problem+json": ["schema": ["$ref": "#/components/schemas/Problem"]]],
        ]
    }
}
