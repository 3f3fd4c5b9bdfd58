import FoundationEssentials
import Records

/// libFuzzer's entry: each line is the value of one CGI parameter, and together they are a request's header. Built by scripts/fuzz.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHeader(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let parameters = Parameters(UnsafeRawBufferPointer(start: start, count: count))
    let request = parameters.request()
    expectPath(request.path, of: parameters)
    expectLength(request.contentLength, of: parameters)
    expectPreference(of: request)
    expectToken(of: request)
    return 0
}

/// The path is what stands before the first "?" or "#" of the first parameter that has one.
private func expectPath(_ path: String, of parameters: Parameters) {
    let whole = ["PATH_INFO", "DOCUMENT_URI", "REQUEST_URI", "SCRIPT_NAME"].lazy.compactMap(parameters.parameter)
        .first { !$0.utf8.isEmpty }
    precondition(path.utf8.elementsEqual((whole ?? "/").utf8.prefix { $0 != 0x3F && $0 != 0x23 }))
}

/// A length is a whole number in plain digits, else there is none.
private func expectLength(_ length: Int?, of parameters: Parameters) {
    guard let text = parameters.parameter("CONTENT_LENGTH"), let length else { return }
    precondition(length >= 0 && text.utf8.drop { $0 == 0x30 }.elementsEqual(length == 0 ? "".utf8 : String(length).utf8))
}

/// A token has an identifier of eight digits of base 32, in whichever case, and stands as it is in the header.
private func expectToken(of request: Request) {
    guard let token = request.bearerToken else { return }
    precondition(request.authorization?.utf8.count ?? 0 > token.utf8.count + 6)
    guard let identifier = DeviceStore.identifier(in: token) else { return }
    precondition(identifier.utf8.count == 8 && DeviceStore.identifier(in: token.lowercased()) == identifier)
}

/// What is preferred has been named, and the order of what is named does not matter.
private func expectPreference(of request: Request) {
    let name: String? =
        switch request.preference {
        case .json: nil
        case .eventStream: "text/event-stream"
        case .fhir: "application/fhir+json"
        case .html: "text/html"
        }
    if let name {
        let accept = Array(request.accept.utf8.filter { $0 != 0x20 }.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 })
        precondition(accept.indices.contains { accept[$0...].starts(with: name.utf8) })
    }
    var reversed = request
    reversed.accept = request.accept.split(separator: ",").reversed().joined(separator: ",")
    precondition(reversed.preference == request.preference)
}

/// Parameters as libfcgi gives them, and nothing else.
private final class Parameters: Connection {
    private static let names = [
        "HTTP_ACCEPT", "CONTENT_LENGTH", "REQUEST_METHOD", "PATH_INFO", "DOCUMENT_URI", "REQUEST_URI", "SCRIPT_NAME",
        "CONTENT_TYPE", "HTTP_ORIGIN", "HTTP_AUTHORIZATION",
    ]
    private var values: [String: String] = [:]

    init(_ bytes: UnsafeRawBufferPointer) {
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        for (name, line) in zip(Self.names, lines) { values[name] = String(decoding: line.prefix { $0 != 0 }, as: UTF8.self) }
    }

    func parameter(_ name: String) -> String? { values[name] }
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int { 0 }
    func write(_ data: Data) -> Bool { true }
    func flush() -> Bool { true }
    var isGone: Bool { false }
}
