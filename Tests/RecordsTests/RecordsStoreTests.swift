import Foundation
import Testing

@testable import Records

@Suite struct RecordsStoreTests {
    private struct Note: Encodable {
        var thread: Int
        var number: Int
    }

    @Test func `a store in a folder is for its owner only`() throws {
        try Backend.sqlite.withPlace { path in
            try RecordsStore(path).audit.append(.analysis, Note(thread: 0, number: 1))
            func mode(_ path: String) throws -> Int {
                try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int ?? 0
            }
            #expect(try mode(path) == 0o700 && mode(path + "/records.sqlite") == 0o600)
            for name in try FileManager.default.contentsOfDirectory(atPath: path) {
                #expect(try mode(path + "/" + name) == 0o600)
            }
        }
    }

    @Test(arguments: Backend.allCases)
    func `what was written is there when the store is opened again`(backend: Backend) throws {
        try backend.withPlace { place in
            try RecordsStore(place).audit.append(.analysis, Note(thread: 0, number: 1))
            #expect(try RecordsStore(place).audit.verify().sequence == 1)
        }
    }

    @Test(arguments: Backend.allCases)
    func `two stores at one place, and many threads, make one chain`(backend: Backend) throws {
        try backend.withPlace { place in
            let stores = try (0..<2).map { _ in try RecordsStore(place) }
            let failures = Failures()
            DispatchQueue.concurrentPerform(iterations: 8) { thread in
                for number in 0..<25 {
                    do { try stores[thread % 2].audit.append(.analysis, Note(thread: thread, number: number)) } catch {
                        failures.add(error)
                    }
                }
            }
            #expect(failures.all.isEmpty)
            #expect(try stores[0].audit.verify().sequence == 200)
            #expect(try stores[1].audit.head() == stores[0].audit.head())
        }
    }

    @Test(arguments: Backend.allCases)
    func `what fails half way leaves nothing, not even in the log`(backend: Backend) throws {
        try backend.withStore { store throws in
            #expect(throws: RecordsError.notWritten("on purpose")) {
                try store.database.writing { session in
                    try AuditLog.append(.analysis, Note(thread: 0, number: 1), at: Date(), in: session)
                    throw SQLFailure(reason: "on purpose")
                }
            }
            #expect(try store.audit.head().sequence == 0)
            try store.audit.append(.analysis, Note(thread: 0, number: 2))
            #expect(try store.audit.verify().sequence == 1)
        }
    }

    @Test func `a host that is cut off in the middle of a write holds the others up for seconds only`() throws {
        try Backend.postgreSQL.withPlace { place in
            let cutOff = try RecordsStore(place)
            let other = try RecordsStore(place)
            let failures = Failures()
            let holds = DispatchSemaphore(value: 0)
            let goesOn = DispatchSemaphore(value: 0)
            let ended = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                do {
                    try cutOff.database.writing { session in
                        try AuditLog.append(.analysis, Note(thread: 0, number: 1), at: Date(), in: session)
                        holds.signal()
                        goesOn.wait()
                    }
                } catch { failures.add(error) }
                ended.signal()
            }
            holds.wait()
            let begun = Date()
            var isWritten = false
            while !isWritten, Date().timeIntervalSince(begun) < 30 {
                isWritten = (try? other.audit.append(.analysis, Note(thread: 1, number: 1))) != nil
            }
            goesOn.signal()
            ended.wait()
            #expect(isWritten)
            // Back again, it must not believe that its write was kept.
            #expect(failures.all.count == 1)
            #expect(try other.audit.verify().sequence == 1)
            try cutOff.audit.append(.analysis, Note(thread: 0, number: 2))
            #expect(try other.audit.verify().sequence == 2)
        }
    }

    @Test func `a folder that can't be used is said to be, without its path`() {
        #expect {
            try RecordsStore("/proc/melascan")
        } throws: { error in
            "\(error)".contains("can't be") && !"\(error)".contains("/proc")
        }
    }

    @Test func `a server that is not there is said to be, without its address`() {
        #expect {
            try RecordsStore("postgresql://secret:password@/name?host=/nowhere")
        } throws: { error in
            "\(error)".contains("no connection to PostgreSQL") && !"\(error)".contains("secret")
                && !"\(error)".contains("nowhere")
        }
    }

    @Test func `a file that is no database is refused and kept`() throws {
        try Backend.sqlite.withPlace { path in
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            let file = URL(filePath: path + "/records.sqlite")
            try Data("this was never a database, and is long enough to be looked at as one".utf8).write(to: file)
            #expect(throws: RecordsError.self) { try RecordsStore(path) }
            #expect(try Data(contentsOf: file).count == 68)
        }
    }

    /// Errors of several threads.
    private final class Failures: @unchecked Sendable {
        private let lock = NSLock()
        private var errors: [any Error] = []

        func add(_ error: any Error) { lock.withLock { errors.append(error) } }
        var all: [any Error] { lock.withLock { errors } }
    }
}
