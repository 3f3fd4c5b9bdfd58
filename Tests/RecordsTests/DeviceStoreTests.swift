import Foundation
import Testing

@testable import Records

@Suite struct DeviceStoreTests {
    private let now = TestConsent.now

    @Test(arguments: Backend.allCases)
    func `a token opens for its device, as typed in any case, and nothing else does`(backend: Backend) throws {
        try backend.withStore { store throws in
            let admission = try store.devices.add("Room 3 phone", role: .doctor, at: now)
            #expect(admission.token.hasPrefix("mela_") && admission.token.count == 5 + 8 + 1 + 52)
            for text in [admission.token, admission.token.uppercased()] {
                #expect(try store.devices.device(for: text, at: now)?.name == "Room 3 phone")
            }
            let last = admission.token.last == "0" ? "1" : "0"
            let other = try store.devices.add("Room 4 phone", role: .admin, at: now)
            let wrong = [
                String(admission.token.dropLast()) + last, "mela_" + other.device.id + admission.token.dropFirst(13), "",
                "mela__",
                "Bearer", admission.token + "0", String(repeating: "mela_", count: 10_000),
                "mela_00000000_" + admission.token.suffix(52),
            ]
            for text in wrong { #expect(try store.devices.device(for: text, at: now) == nil, "\(text)") }
        }
    }

    @Test(arguments: Backend.allCases)
    func `neither the token nor its secret is kept`(backend: Backend) throws {
        try backend.withStore { store throws in
            let token = try store.devices.add("Room 3 phone", role: .doctor, at: now).token
            let secret = try #require(DeviceToken(token)).secret
            try store.database.read { session in
                for table in ["devices", "audit"] {
                    try session.forEachRow("SELECT * FROM \(table)", []) { row in
                        for text in [secret, secret.lowercased()] { #expect(!row.holds(Data(text.utf8))) }
                    }
                }
            }
        }
    }

    @Test(arguments: Backend.allCases)
    func `an expired, a revoked and a rotated token are refused alike`(backend: Backend) throws {
        try backend.withStore { store throws in
            let devices = store.devices
            let expiring = try devices.add("a", role: .doctor, expires: now.addingTimeInterval(60), at: now)
            #expect(try devices.device(for: expiring.token, at: now.addingTimeInterval(59)) != nil)
            #expect(try devices.device(for: expiring.token, at: now.addingTimeInterval(60)) == nil)

            let revoked = try devices.add("b", role: .doctor, at: now)
            try devices.revoke("b", at: now)
            #expect(try devices.device(for: revoked.token, at: now) == nil)
            #expect(throws: RecordsError.self) { try devices.revoke("b", at: now) }
            #expect(throws: RecordsError.self) { try devices.rotate(revoked.device.id, at: now) }

            let old = try devices.add("c", role: .auditor, at: now)
            let new = try devices.rotate(old.device.id, at: now)
            #expect(new.device.id == old.device.id && new.token != old.token)
            #expect(try devices.device(for: old.token, at: now) == nil)
            #expect(try devices.device(for: new.token, at: now)?.role == .auditor)
            #expect(try devices.hasValid(at: now))
        }
    }

    @Test(arguments: Backend.allCases)
    func `another store at the same place sees a revocation at once`(backend: Backend) throws {
        try backend.withPlace { place in
            let (one, two) = (try RecordsStore(place), try RecordsStore(place))
            let token = try one.devices.add("a", role: .doctor, at: now).token
            #expect(try two.devices.device(for: token, at: now) != nil)
            try one.devices.revoke("a", at: now)
            #expect(try two.devices.device(for: token, at: now) == nil)
            #expect(try !two.devices.hasValid(at: now))
        }
    }

    @Test(arguments: Backend.allCases)
    func `the last use is noted, at most once a minute, and names are one device's`(backend: Backend) throws {
        try backend.withStore { store throws in
            let devices = store.devices
            let token = try devices.add("a", role: .doctor, at: now).token
            #expect(try devices.all().first?.lastUse == nil)
            for (seconds, noted) in [(0.0, 0.0), (30, 0), (61, 61)] {
                _ = try devices.device(for: token, at: now.addingTimeInterval(seconds))
                #expect(try devices.all().first?.lastUse == Timestamp.text(now.addingTimeInterval(noted)))
            }
            #expect(throws: RecordsError.self) { try devices.add("a", role: .admin, at: now) }
            try devices.revoke("a", at: now)
            _ = try devices.add("a", role: .admin, at: now)
            for name in ["", "two\nlines", String(repeating: "x", count: 81)] {
                #expect(throws: RecordsError.self) { try devices.add(name, role: .doctor, at: now) }
            }
            #expect(throws: RecordsError.self) { try devices.add("late", role: .doctor, expires: now, at: now) }
        }
    }

    @Test(arguments: Backend.allCases)
    func `each change is in the audit log`(backend: Backend) throws {
        try backend.withStore { store throws in
            let id = try store.devices.add("a", role: .doctor, at: now).device.id
            _ = try store.devices.rotate("a", at: now)
            try store.devices.revoke(id, at: now)
            let entries = try store.entries()
            #expect(entries.map(\.kind) == ["device-added", "device-rotated", "device-revoked"])
            #expect(entries.allSatisfy { $0.content.contains(id) })
            #expect(try store.audit.verify().sequence == 3)
        }
    }
}
