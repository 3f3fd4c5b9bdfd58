/// What a withdrawal did, in plain words.
enum WithdrawalPage {
    static func page(_ withdrawal: WithdrawalDocument) -> HTML {
        PageFrame.page(
            title: "Withdrawn", back: "Back to the start",
            main: """
                <section class="card">
                <h1>Your consent is withdrawn</h1>
                <p>\(deleted(withdrawal.photosDeleted))</p>
                \(rest(withdrawal.stillGranted))
                <p>What remains is the fact that there was a consent and that it ended, without anything about you.</p>
                <h2>If you want a proof</h2>
                <p>Write this down or take a picture of it. The server's log has an entry that can't be changed unseen.</p>
                <dl class="facts">
                <div><dt>Time (UTC)</dt><dd>\(withdrawal.time)</dd></div>
                <div><dt>Entry</dt><dd>\(withdrawal.proof.sequence)</dd></div>
                <div><dt>Check sum</dt><dd class="code">\(withdrawal.proof.hash)</dd></div>
                </dl>
                </section>
                """)
    }

    private static func deleted(_ photos: Int) -> HTML {
        switch photos {
        case 0: "No photo was kept under it."
        case 1: "The photo that was kept and all that was said about it are deleted."
        default: "The \(photos) photos that were kept and all that was said about them are deleted."
        }
    }

    private static func rest(_ purposes: [String]) -> HTML {
        if purposes.isEmpty { return .empty }
        let words = purposes.map {
            $0 == "processing" ? "the analysis of photos on this server" : "the donation of photos for research"
        }
        return "<p>Your consent to \(words.joined(separator: " and to ")) still stands.</p>"
    }
}
