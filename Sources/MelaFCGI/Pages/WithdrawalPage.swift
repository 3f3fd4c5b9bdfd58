import Records

/// What a withdrawal did, in plain words for the patient, with what the scripted page shows.
enum WithdrawalPage {
    static func page(_ withdrawal: WithdrawalDocument) -> HTML {
        let title =
            withdrawal.proof == nil
            ? "There was nothing to withdraw"
            : withdrawal.stillGranted.isEmpty ? "Your consent is withdrawn" : "This part of your consent is withdrawn"
        return PageFrame.page(
            title: title, back: "Another code", home: "/withdraw/",
            main: """
                <h1 class="lead-title">\(title)</h1>
                <section class="card">
                <p>\(deleted(withdrawal))</p>
                \(rest(withdrawal.stillGranted))
                </section>
                \(proof(withdrawal))
                """)
    }

    private static func proof(_ withdrawal: WithdrawalDocument) -> HTML {
        guard let proof = withdrawal.proof else { return .empty }
        return """
            <section class="card">
            <h2>If you want a proof</h2>
            <p>Write this down or take a picture of it. The server's log has an entry that cannot be changed unseen.</p>
            <dl class="facts">
            <div><dt>Time (UTC)</dt><dd>\(time(withdrawal.time))</dd></div>
            <div><dt>Entry</dt><dd>\(proof.sequence)</dd></div>
            <div><dt>Check sum</dt><dd class="code">\(proof.hash)</dd></div>
            </dl>
            </section>
            """
    }

    private static func deleted(_ withdrawal: WithdrawalDocument) -> HTML {
        if withdrawal.stillGranted.contains(ConsentTexts.Purpose.donation.rawValue) {
            return "Photos that were donated for research are kept: your consent to that still stands."
        }
        return switch withdrawal.photosDeleted {
        case 0: "No photo is kept under it."
        case 1: "The photo that was kept and all that was said about it are deleted."
        default: "The \(withdrawal.photosDeleted) photos that were kept and all that was said about them are deleted."
        }
    }

    private static func rest(_ purposes: [String]) -> HTML {
        if purposes.isEmpty {
            return "<p>What remains is that there was a consent and that it ended, without anything about you.</p>"
        }
        // What is said of donated photos stands above.
        return purposes.filter { $0 != ConsentTexts.Purpose.donation.rawValue }.map { purpose in
            "<p>Your consent to \(words[purpose] ?? purpose) still stands.</p>"
        }.joined()
    }

    /// Purposes in a patient's words; another goes by its name.
    private static let words = [ConsentTexts.Purpose.processing.rawValue: "the analysis of photos on this server"]

    /// "2026-11-24T19:55:57.350Z" as "2026-11-24 19:55".
    private static func time(_ text: String) -> String {
        String(text.prefix(16)).replacing("T", with: " ")
    }
}
