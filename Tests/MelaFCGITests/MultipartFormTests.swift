import Foundation
import Testing

@testable import MelaFCGI

@Suite struct MultipartFormTests {
    private func parse(_ text: String, type: String = "multipart/form-data; boundary=b") throws -> [(String, String)] {
        try Array(text.utf8).withUnsafeBytes { bytes in
            try MultipartForm(bytes, contentType: type).parts.map { part in
                (part.name, String(decoding: bytes[part.range], as: UTF8.self))
            }
        }
    }

    @Test func `parts keep their bytes, line ends, hyphens and all`() throws {
        let parts = try parse(
            "preamble\r\n--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n\r\n--\r\n--c\r\n\r\n--b\r\ncontent-disposition: form-data; name=y\r\n\r\n\r\n--b--\r\nepilogue"
        )
        #expect(parts.map(\.0) == ["x", "y"])
        #expect(parts.map(\.1) == ["\r\n--\r\n--c\r\n", ""])
    }

    @Test func `a name may hold quotes and semicolons; a part without a name is left out`() throws {
        let parts = try parse(
            "--b\r\nX-Other: 1\r\nContent-Disposition: form-data; filename=\"a;name=z\"; name=\"q\\\";x\"\r\n\r\n1\r\n--b\r\n\r\n2\r\n--b--"
        )
        #expect(parts.map(\.0) == ["q\";x"])
        #expect(parts.map(\.1) == ["1"])
    }

    @Test(arguments: ["\u{301}x", "x\u{600}"])
    func `a mark that joins its neighbours hides no quote of a name`(_ name: String) throws {
        let parts = try parse(
            "--b\r\nContent-Disposition: form-data; filename=\"\(name)\"; name=\"\(name)\"\r\n\r\n1\r\n--b--")
        #expect(parts.map(\.0) == [name])
    }

    @Test(arguments: [
        "", "--b", "--b\r\n", "--b\r\nContent-Disposition: form-data; name=x\r\n\r\nno end",
        "--b\r\nContent-Disposition: form-data; name=x\r\n\r\n1\r\n--b\r\nrest", "x--b\r\n\r\n\r\n--b--",
        "--bx\r\n\r\n1\r\n--bx--",
    ])
    func `bodies whose parts can't be told apart are refused`(_ body: String) {
        #expect(throws: Problem.self) { try parse(body) }
    }

    @Test func `too many parts and too long headers are refused`() {
        let part = "--b\r\nContent-Disposition: form-data; name=x\r\n\r\n1\r\n"
        #expect(throws: Problem.self) { try parse(String(repeating: part, count: 33) + "--b--") }
        #expect(throws: Problem.self) { try parse("--b\r\nX: \(String(repeating: "y", count: 5000))\r\n\r\n1\r\n--b--") }
    }

    /// What a fuzzer found worth keeping: a line with the content type, then the body.
    @Test func `parts of the fuzzer's corpus lie in the body, one behind the other`() throws {
        let folder = TestService.root.appending(path: "Tests/Fixtures/fuzz/multipart")
        var parsed = 0
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
            let bytes = try Data(contentsOf: file)
            let line = bytes.prefix { $0 != 0x0A }
            Data(bytes.dropFirst(line.count + 1)).withUnsafeBytes { body in
                guard let form = try? MultipartForm(body, contentType: String(decoding: line, as: UTF8.self)) else { return }
                parsed += 1
                let ends = form.parts.flatMap { [$0.range.lowerBound, $0.range.upperBound] }
                #expect(ends == ends.sorted() && (ends.last ?? 0) <= body.count)
            }
        }
        #expect(parsed >= 4)
    }

    @Test func `every prefix of a form is refused or parsed, and none crashes`() throws {
        let whole = TestForm().adding("age", "63").adding(image: Data([0xFF, 0xD8, 13, 10, 45, 45])).closed
        for count in 0...whole.count {
            _ = try? whole.prefix(count).withUnsafeBytes { try MultipartForm($0, contentType: TestForm.contentType) }
        }
    }
}

@Suite struct RequestTests {
    @Test(arguments: [
        ("*/*", Request.Preference.json), ("", .json), ("text/html,application/xhtml+xml,*/*;q=0.8", .html),
        ("text/event-stream", .eventStream), ("application/json, text/html", .json), ("Text/Event-Stream; q=1", .eventStream),
        ("text/html,\u{301}", .html),
    ])
    func `pages and streams are given only where they are named`(accept: String, preference: Request.Preference) {
        let request = Request(
            id: "", method: .get, path: "/", contentType: nil, contentLength: nil, accept: accept, origin: nil,
            body: MemoryBody(Data()), client: MemoryBody(Data()))
        #expect(request.preference == preference)
    }

    /// Parameters and nothing else.
    private final class Parameters: Connection {
        let values: [String: String]

        init(_ values: [String: String]) {
            self.values = values
        }

        func parameter(_ name: String) -> String? { values[name] }
        func read(into buffer: UnsafeMutableRawBufferPointer) -> Int { 0 }
        func write(_ data: Data) -> Bool { true }
        func flush() -> Bool { true }
        var isGone: Bool { false }
    }

    @Test func `the path comes from the first parameter that has one, without its query`() {
        #expect(Parameters(["PATH_INFO": "/melanoma", "REQUEST_URI": "/cgi-bin/x/melanoma"]).request().path == "/melanoma")
        #expect(Parameters(["PATH_INFO": "", "DOCUMENT_URI": "/v1/ensemble"]).request().path == "/v1/ensemble")
        #expect(Parameters(["REQUEST_URI": "/metrics?x=1"]).request().path == "/metrics")
        #expect(Parameters(["REQUEST_URI": "/metrics?\u{301}"]).request().path == "/metrics")
        #expect(Parameters([:]).request().path == "/")
    }

    @Test(arguments: ["", "-1", "12x", "+5", "1e3", "99999999999999999999", "٣"])
    func `a length that is no number counts as none`(length: String) {
        #expect(Parameters(["CONTENT_LENGTH": length]).request().contentLength == nil)
    }
}
