import Testing

@testable import MelaFCGI
@testable import Records

/// The pages that the server makes itself say what those need who read them: a doctor or a patient, without script.
struct PagesTests {
    private func withdrawal(photosDeleted: Int, keepsDonation: Bool, isDone: Bool = true) -> String {
        WithdrawalPage.page(
            WithdrawalDocument(
                ConsentStore.Withdrawal(
                    consent: "a", time: "2026-11-24T19:55:57.350Z", photosDeleted: photosDeleted,
                    stillGranted: keepsDonation ? [.donation] : [],
                    proof: isDone ? AuditLog.Head(sequence: 7, hash: "0a") : nil))
        ).text
    }

    @Test func `where there was nothing to withdraw, nothing is said to be, and there is no proof`() {
        let page = withdrawal(photosDeleted: 0, keepsDonation: false, isDone: false)
        #expect(page.contains("There was nothing to withdraw") && !page.contains("is withdrawn") && !page.contains("proof"))
    }

    @Test func `a withdrawal of the analysis alone does not say that the donated photos are gone`() {
        let page = withdrawal(photosDeleted: 0, keepsDonation: true)
        #expect(page.contains("This part of your consent is withdrawn") && page.contains("are kept"))
        #expect(!page.contains("No photo is kept") && !page.contains("without anything about you"))
    }

    @Test func `a withdrawal of all says what was deleted and when`() {
        let page = withdrawal(photosDeleted: 2, keepsDonation: false)
        #expect(page.contains("The 2 photos that were kept and all that was said about them are deleted."))
        #expect(page.contains("2026-11-24 19:55<") && page.contains("href=\"/withdraw/\""))
    }

    @Test func `a missing consent is explained without the words of the interface`() {
        let page = ProblemPage.page(Problem(.consentRequired, "Record it (POST /v1/consents)."), at: "/v1/analyses").text
        #expect(page.contains("Allow script") && page.contains("in the usual way") && !page.contains("POST"))
    }

    @Test func `a missing token is explained without the words of the interface`() {
        let page = ProblemPage.page(.unauthorised, at: "/v1/analyses").text
        #expect(page.contains("Allow script") && !page.contains("Bearer"))
    }

    @Test func `a wrong code leads the patient back to the patient's form`() {
        let page = ProblemPage.page(Problem(.recordUnknown, "There is no consent with this code."), at: "/v1/withdrawals").text
        #expect(page.contains("Nothing was changed.") && !page.contains("analysed") && !page.contains("href=\"/\""))
    }
}
