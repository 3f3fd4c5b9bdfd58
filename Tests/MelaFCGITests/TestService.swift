import Foundation
import HTTPTypes
import Imaging
import Logging
import Model

@testable import MelaFCGI

/// A service with the default ensemble, in memory: no socket, no nginx.
enum TestService {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// What a pass takes, as if measured: every budget is enough for all of them.
    static let quick: @Sendable (Ensemble) -> Ensemble.Speed = { ensemble in
        Ensemble.Speed(msPerPass: .init(repeating: 1, count: ensemble.manifest.members.count))
    }

    static func make(
        queue: Int = 8, starts: Bool = true, logger: Logger? = nil,
        change: (inout Settings) -> Void = { _ in }, speed: @escaping @Sendable (Ensemble) -> Ensemble.Speed = quick
    ) throws -> Service {
        var settings = Settings()
        settings.ensemble = root.appending(path: "ensembles/default").path(percentEncoded: false)
        settings.queue = queue
        change(&settings)
        var silent = Logger(label: "test")
        silent.logLevel = .critical
        let service = Service(settings: settings, logger: logger ?? silent, speed: speed)
        if starts { try service.start() }
        return service
    }

    static func fixture(_ name: String) throws -> Data {
        try Data(contentsOf: root.appending(path: "Tests/Fixtures/imaging").appending(path: name))
    }
}

/// A body in memory.
final class MemoryBody: BodySource, Client {
    private let data: Data
    private var position = 0
    /// As a client it may leave.
    var isGone = false

    init(_ data: Data) {
        self.data = data
    }

    var remaining: Int { data.count - position }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, remaining)
        data[position..<(position + count)].withUnsafeBytes { buffer.copyMemory(from: $0) }
        position += count
        return count
    }
}

/// A multipart form being written.
struct TestForm {
    static let boundary = "----a boundary'()+_,-./:=?"
    private(set) var body = Data()

    func adding(_ name: String, _ value: String) -> TestForm {
        adding(header: "Content-Disposition: form-data; name=\"\(name)\"", Data(value.utf8))
    }

    func adding(image: Data, name: String = "image", file: String = "mole; of \\\"patient\\\".jpg") -> TestForm {
        adding(
            header:
                "Content-Disposition: form-data; name=\"\(name)\"; filename=\"\(file)\"\r\nContent-Type: application/octet-stream",
            image)
    }

    func adding(header: String, _ value: Data) -> TestForm {
        var form = self
        form.body.append(Data("--\(Self.boundary)\r\n\(header)\r\n\r\n".utf8))
        form.body.append(value)
        form.body.append(Data("\r\n".utf8))
        return form
    }

    var closed: Data { body + Data("--\(Self.boundary)--\r\n".utf8) }

    static let contentType = "multipart/form-data; boundary=\"\(boundary)\""

    func request(
        _ path: String = "/v1/analyses", accept: String = "*/*", length: Int? = nil, source: MemoryBody? = nil
    ) -> Request {
        let body = source ?? MemoryBody(closed)
        return Request(
            id: Identifier.next(), method: .post, path: path, contentType: Self.contentType,
            contentLength: length ?? closed.count,
            accept: accept, origin: nil, remoteAddress: "127.0.0.1", body: body, client: body)
    }
}

extension Response {
    /// The whole body, streamed or not.
    var data: Data {
        switch body {
        case .complete(let data): return data
        case .stream(let stream):
            var all = Data()
            try? stream {
                all.append($0)
                return true
            }
            return all
        }
    }

    var text: String { String(decoding: data, as: UTF8.self) }

    func json() throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }
}
