/// The frame of a page that the server itself makes, for browsers without script; `web/style.css` gives it its looks.
enum PageFrame {
    /// - Parameter home: the address of the page that `back` leads to.
    static func page(title: String, back: String, home: String = "/", main: HTML) -> HTML {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <title>\(title) - MelaScan</title>
        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
        <meta name="color-scheme" content="light dark">
        <meta name="robots" content="noindex">
        <link rel="icon" href="/favicon.svg" type="image/svg+xml">
        <link rel="stylesheet" href="/style.css">
        </head>
        <body>
        <header class="top">
        <p class="brand"><img src="/favicon.svg" alt="" width="28" height="28">MelaScan</p>
        <a class="button" href="\(home)">\(back)</a>
        </header>
        <main class="page">
        \(main)
        </main>
        </body>
        </html>

        """
    }
}
