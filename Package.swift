// swift-tools-version: 6.2
// Baton
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// Settings of every Swift target. A misspelt feature name is accepted in silence, so
/// `Tests/ModelTests/LanguageFeatureTests.swift` only compiles with the last one on.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .define("CRASH_POINTS", .when(configuration: .debug)),
]

/// A module of ours; arrows point down only, in the order of this file.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: [.init(stringLiteral: name)] + dependencies,
        resources: resources,
        swiftSettings: settings
    )
}

func system(_ name: String, _ pkgConfig: String, _ package: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([package])])
}

let package = Package(
    name: "baton",
    products: [
        .executable(name: "baton", targets: ["baton"]),
        // For programs that talk to a server.
        .library(name: "BatonClient", targets: ["BatonClient"]),
        // For tests of workflows.
        .library(name: "BatonTesting", targets: ["BatonTesting"]),
        // For Fuzz and Benchmarks, which are packages of their own; not for others.
        .library(name: "BatonParsers", targets: ["JSON", "CEL", "Definition", "Model"]),
        .library(name: "BatonServing", targets: ["HTTPServer", "Reactor"]),
        .library(name: "BatonKnowledge", targets: ["Knowledge", "StoreSQLite"]),
        .library(
            name: "BatonAgents",
            targets: [
                "Agents", "Tools", "Providers", "ProviderCalls", "HTTP", "Engine", "StoreSQLite", "Definition", "JSON",
            ]
        ),
        .library(
            name: "BatonModules",
            targets: ["Threads", "JSON", "CEL", "Definition", "Engine", "EngineTelemetry", "StoreSQLite"]
        ),
    ],
    targets: [
        // C: the operating system and the libraries of the distribution, each wrapped once.
        system("CSQLite", "sqlite3", "libsqlite3-dev"),
        system("CYAML", "yaml-0.1", "libyaml-dev"),
        system("CCurl", "libcurl", "libcurl4-openssl-dev"),
        system("COpenSSL", "openssl", "libssl-dev"),
        system("CNghttp2", "libnghttp2", "libnghttp2-dev"),
        system("CZstd", "libzstd", "libzstd-dev"),
        system("CZlib", "zlib", "zlib1g-dev"),
        .target(name: "CLinux"),

        // Values.
        module("Text"),
        module("Calendar", ["Text"]),
        module("JSON", ["Text", "Calendar"]),
        module("Threads", ["CLinux"]),
        module("Hashing", ["COpenSSL"]),
        module("Cryptography", ["COpenSSL"]),
        module("Compression", ["CZstd", "CZlib"]),
        module("GraphCore"),
        module("CEL", ["JSON", "Text", "Calendar", "Hashing"]),
        module("Model", ["JSON", "Calendar"]),

        // Outbound HTTP; knows nothing of runs.
        module("HTTP", ["JSON", "Threads", "CCurl", "CLinux"]),

        // What is measured, written down and traced; knows nothing of runs.
        module("Telemetry", ["HTTP", "Threads", "Model", "JSON"]),

        // The API of a server, for programs.
        module("BatonClient", ["HTTP", "Model", "JSON"]),

        // Serving HTTP; knows nothing of runs either.
        module("Reactor", ["Threads", "CLinux"]),
        module("HTTPServer", ["Reactor", "Compression", "Threads", "CNghttp2", "COpenSSL", "CLinux"]),

        // Documents to graphs.
        module("Definition", ["Model", "JSON", "Text", "CEL", "GraphCore", "Hashing", "CYAML"]),

        // Models: requests and answers, how providers write them, prices, scripts. Pure.
        module("Providers", ["Definition", "Model", "JSON", "Hashing", "Cryptography"]),

        // The same over HTTP, and a server that plays a script.
        module("ProviderCalls", ["Providers", "HTTP", "Model", "JSON"]),
        module("MockModels", ["Providers", "HTTPServer", "Model", "JSON"]),

        // What must not be lost.
        module("Store", ["Model", "JSON", "Hashing", "Compression"]),
        module("StoreSQLite", ["Store", "Model", "JSON", "Hashing", "CSQLite"]),

        // Documents that are searched.
        module("Knowledge", ["Store", "Hashing", "Threads", "Model", "JSON"]),

        // Who acts, what stays secret, what was done.
        module("Identity", ["Store", "Cryptography", "Hashing", "Threads", "Model", "JSON"]),
        module("Secrets", ["Store", "Cryptography", "Model", "JSON"]),
        module("Audit", ["Store", "Model", "JSON"]),

        // Messages to others and from them: signatures, retries, what comes of a call.
        module("Webhooks", ["Store", "CEL", "Cryptography", "Model", "JSON"]),

        // What agents keep: memories, contexts, thoughts.
        module("AgentMemory", ["Store", "Model", "JSON"]),

        // How often.
        module("Rates", ["Store", "Model"]),
        module("RateLimits", ["Rates"]),

        // Versions of definitions: publish, patch, tag, compare, carry elsewhere.
        module("Catalog", ["Definition", "Store", "Model", "JSON", "Hashing"]),

        // How long what is stored is kept.
        module("Retention", ["Catalog", "Store", "Model"]),

        // The Model Context Protocol as clients and servers speak it. Pure.
        module("MCP", ["Cryptography", "Hashing", "JSON"]),

        // Runs.
        module("Engine", ["CLinux", "Rates", "Store", "Threads", "Definition", "Model", "CEL", "JSON", "Hashing"]),
        // What the engine does, as metrics and traces.
        module(
            "EngineTelemetry",
            ["Engine", "Telemetry", "Store", "Definition", "Threads", "Model", "JSON", "Hashing"]
        ),
        // The engine in a simulated world, and workflows under test.
        module("Simulation", ["Engine", "Store", "Definition", "Model", "JSON", "Hashing"]),
        module("BatonTesting", ["Simulation", "Engine", "Store", "Definition", "Model", "CEL", "JSON"]),
        module(
            "Tools",
            [
                "Engine", "AgentMemory", "Knowledge", "Store", "Rates", "Hashing", "Definition", "MCP", "Secrets",
                "Cryptography", "HTTP", "Reactor",
                "Threads",
                "CEL", "Model", "JSON", "Text", "CLinux",
            ]
        ),

        // Agents: the loop of models and tools, and the roles that come with the program.
        .target(
            name: "Agents",
            dependencies: [
                "Tools", "AgentMemory", "Knowledge", "ProviderCalls", "Providers", "HTTPServer", "Engine", "Store",
                "Definition",
                "Threads",
                "Model",
                "JSON", "Cryptography", "Hashing", "Text",
            ],
            resources: [.embedInCode("Roles"), .embedInCode("Skills")],
            swiftSettings: settings
        ),

        // The API over HTTP; the only place that joins HTTP and Engine.
        module(
            "Server",
            [
                "HTTPServer", "Engine", "AgentMemory", "Telemetry", "Identity", "Secrets", "Audit", "Webhooks",
                "RateLimits", "Catalog", "Knowledge", "MCP",
                "Store", "Definition", "HTTP", "Hashing", "Threads", "Model", "JSON",
            ]
        ),

        // The product.
        module(
            "Commands",
            [
                "Server", "Agents", "MockModels", "ProviderCalls", "Providers", "HTTPServer", "RateLimits", "Tools",
                "MCP",
                "Simulation",
                "EngineTelemetry", "Engine", "AgentMemory", "Telemetry",
                "Identity", "Secrets", "Audit", "Rates", "Cryptography", "Retention",
                "Catalog", "Knowledge", "StoreSQLite", "Store", "Definition", "CEL", "BatonClient", "HTTP",
                "Threads", "Model",
                "JSON", "Text",
                "CLinux",
            ]
        ),
        .executableTarget(name: "baton", dependencies: ["Commands"], swiftSettings: settings),

        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
        tests("Threads"),
        tests("Hashing"),
        tests("Cryptography", ["TestSupport"]),
        tests("Compression"),
        tests("Text"),
        tests("Calendar"),
        tests("Model", ["JSON"]),
        tests("JSON"),
        tests("CEL", ["JSON"]),
        tests("GraphCore", ["JSON"]),
        tests(
            "Definition",
            ["Model", "JSON", "CEL"],
            resources: [.copy("Broken"), .copy("Diagnostics"), .copy("Golden")]
        ),
        tests("Providers", ["Model", "JSON"], resources: [.copy("Golden")]),
        tests(
            "ProviderCalls",
            ["MockModels", "Providers", "HTTPServer", "Reactor", "HTTP", "Model", "JSON"]
        ),
        tests("Store", ["StoreSQLite", "Model", "JSON", "Hashing", "TestSupport"]),
        tests("StoreSQLite", ["Store", "Model", "Hashing", "CSQLite", "TestSupport"]),
        tests("Knowledge", ["StoreSQLite", "Store", "Model", "JSON", "TestSupport"]),
        tests("Identity", ["Store", "Cryptography", "Model", "JSON", "TestSupport"]),
        tests("Secrets", ["Store", "Cryptography", "Model", "JSON", "TestSupport"]),
        tests("Audit", ["Store", "Model", "JSON"]),
        tests("Webhooks", ["Store", "Model", "JSON", "TestSupport"]),
        tests("AgentMemory", ["Store", "Model", "JSON"]),
        tests("Rates", ["Store", "Model"]),
        tests("RateLimits", ["Rates"]),
        tests("Catalog", ["StoreSQLite", "Store", "Definition", "Model", "JSON", "Hashing", "TestSupport"]),
        tests("Retention", ["Catalog", "StoreSQLite", "Store", "Model", "TestSupport"]),
        tests(
            "Server",
            [
                "CEL", "HTTPServer", "HTTP", "MCP", "Engine", "AgentMemory", "Telemetry", "Identity", "Webhooks",
                "RateLimits",
                "Rates",
                "Secrets",
                "Cryptography", "Catalog", "Knowledge", "StoreSQLite", "Store", "Definition", "Hashing", "Threads",
                "Model", "JSON",
                "TestSupport",
            ]
        ),
        tests("HTTP", ["HTTPServer", "Reactor", "JSON", "Threads"]),
        tests("BatonClient", ["HTTPServer", "Reactor", "Model", "JSON"]),
        tests("Telemetry", ["HTTP", "HTTPServer", "Threads", "Model", "JSON", "TestSupport"]),
        tests("EngineTelemetry", ["Telemetry", "Engine", "CEL", "Definition", "Store", "Model", "JSON"]),
        tests("Reactor", ["CLinux"]),
        tests("HTTPServer", ["Reactor", "Compression", "Threads", "TestSupport"]),
        tests("MCP", ["JSON"]),
        tests(
            "Tools",
            [
                "AgentMemory", "Knowledge", "Store", "Definition", "MCP", "HTTP", "HTTPServer", "Reactor", "Model",
                "JSON", "Threads", "CLinux", "TestSupport",
            ]
        ),
        tests(
            "Agents",
            [
                "Tools", "AgentMemory", "ProviderCalls", "Providers", "Engine", "HTTPServer", "Reactor", "HTTP",
                "Definition",
                "Threads",
                "Store", "Model", "JSON", "TestSupport",
            ]
        ),
        tests(
            "Commands",
            [
                "Agents", "Server", "BatonClient", "Tools", "Providers", "Engine", "Identity", "RateLimits", "Rates",
                "Retention",
                "StoreSQLite",
                "Store",
                "Definition",
                "HTTP", "Telemetry", "Tools",
                "Model", "JSON", "CSQLite", "TestSupport",
            ]
        ),
        tests("Simulation", ["Engine", "Definition", "Store", "Model", "JSON"]),
        tests("BatonTesting"),
        tests("Engine", ["Rates", "Definition", "CEL", "Threads", "Store", "Model", "JSON"]),
        // Kills the real program.
        .testTarget(
            name: "CrashTests",
            dependencies: [
                "baton", "MockModels", "Providers", "HTTPServer", "Reactor", "Tools", "Engine", "StoreSQLite", "Store",
                "Definition", "HTTP", "Secrets", "Cryptography", "Threads", "Model", "JSON", "CLinux",
            ],
            swiftSettings: settings
        ),
    ]
)
