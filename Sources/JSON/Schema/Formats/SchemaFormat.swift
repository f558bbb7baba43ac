// Baton
// SPDX-License-Identifier: Apache-2.0

/// A kind of text that `format` names.
enum SchemaFormat: String, Sendable {
    case dateTime = "date-time"
    case date, time, duration, email, hostname, ipv4, ipv6, uri, iri, uuid, regex
    case idnEmail = "idn-email"
    case idnHostname = "idn-hostname"
    case uriReference = "uri-reference"
    case iriReference = "iri-reference"
    case uriTemplate = "uri-template"
    case jsonPointer = "json-pointer"
    case relativeJSONPointer = "relative-json-pointer"

    /// Whether a text is of this kind.
    func accepts(_ text: String) -> Bool {
        switch self {
        case .dateTime: TimeFormats.isDateTime(text)
        case .date: TimeFormats.isDate(text)
        case .time: TimeFormats.isTime(text)
        case .duration: TimeFormats.isDuration(text)
        case .email: MailFormats.isMailbox(text, isInternational: false)
        case .idnEmail: MailFormats.isMailbox(text, isInternational: true)
        case .hostname: HostFormats.isHostname(text)
        case .idnHostname: HostFormats.isInternationalHostname(text)
        case .ipv4: HostFormats.isIPv4(text)
        case .ipv6: HostFormats.isIPv6(text)
        case .uri: URIFormats.isURI(text, isInternational: false)
        case .uriReference: URIFormats.isReference(text, isInternational: false)
        case .iri: URIFormats.isURI(text, isInternational: true)
        case .iriReference: URIFormats.isReference(text, isInternational: true)
        case .uriTemplate: URIFormats.isTemplate(text)
        case .uuid: TextFormats.isUUID(text)
        case .jsonPointer: (try? JSONPointer(text)) != nil
        case .relativeJSONPointer: TextFormats.isRelativePointer(text)
        case .regex: RegexFormat.accepts(text)
        }
    }

    /// What a text of this kind is called.
    var phrase: String {
        switch self {
        case .dateTime: "a date and time as in RFC 3339 (2025-06-01T12:00:00Z)"
        case .date: "a date (2025-06-01)"
        case .time: "a time with its offset (12:00:00Z)"
        case .duration: "a duration (P1DT12H)"
        case .email, .idnEmail: "an e-mail address"
        case .hostname, .idnHostname: "a host name"
        case .ipv4: "an IPv4 address"
        case .ipv6: "an IPv6 address"
        case .uri, .iri: "a URI with its scheme"
        case .uriReference, .iriReference: "a URI or a reference to one"
        case .uriTemplate: "a URI template"
        case .uuid: "a UUID"
        case .jsonPointer: "a JSON Pointer"
        case .relativeJSONPointer: "a relative JSON Pointer"
        case .regex: "a regular expression"
        }
    }
}
