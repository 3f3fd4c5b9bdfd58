"""The photo before it is sent: what is marked, and what is refused in words."""

from page import Keys, PageTest, keep, photo


class ThePreview(PageTest):
    def square(self):
        """The marked square as parts of the photo: left, top, width, height; and its width and height on the screen."""
        return self.run_script("""
          const photo = document.getElementById('preview-image').getBoundingClientRect();
          const square = document.getElementById('preview-square').getBoundingClientRect();
          return [(square.x - photo.x) / photo.width, (square.y - photo.y) / photo.height,
                  square.width / photo.width, square.height / photo.height, square.width, square.height];
        """)

    def assert_square(self, expected):
        seen = self.square()
        for one, other in zip(seen, expected):
            self.assertAlmostEqual(one, other, delta=0.01)
        self.assertAlmostEqual(seen[4], seen[5], delta=1.5)
        self.assertGreater(seen[4], 100)

    def test_the_largest_square_in_the_middle_is_marked(self):
        self.choose_and_see(photo())
        self.assert_square([0.125, 0, 0.75, 1])
        self.assertIn("600 × 600 of 800 × 600", self.text("preview-note").replace("\xa0", " "))

    def test_the_square_follows_the_exif_rotation(self):
        self.choose_and_see(photo("turned.jpg", orientation=6))
        self.assert_square([0, 0.125, 1, 0.75])
        self.assertIn("600 × 600 of 600 × 800", self.text("preview-note").replace("\xa0", " "))

    def test_a_square_photo_is_analysed_whole(self):
        self.choose_and_see(photo("square.jpg", 500, 500))
        self.assert_square([0, 0, 1, 1])
        self.assertIn("whole photo", self.text("preview-note"))

    def test_a_dropped_photo_is_taken(self):
        self.run_script("""
          const canvas = document.createElement('canvas');
          Object.assign(canvas, { width: 300, height: 200 });
          canvas.getContext('2d').fillRect(0, 0, 300, 200);
          canvas.toBlob((blob) => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([blob], 'dropped.jpg'));
            document.body.dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer }));
          }, 'image/jpeg');
        """)
        self.wait_until(lambda: "300" in self.text("preview-note"), "the dropped photo", 5)

    def test_a_pasted_photo_is_taken(self):
        self.run_script("""
          const canvas = document.createElement('canvas');
          Object.assign(canvas, { width: 300, height: 200 });
          canvas.getContext('2d').fillRect(0, 0, 300, 200);
          canvas.toBlob((blob) => {
            const clipboardData = new DataTransfer();
            clipboardData.items.add(new File([blob], 'pasted.jpg'));
            document.body.dispatchEvent(new ClipboardEvent('paste', { bubbles: true, clipboardData }));
          }, 'image/jpeg');
        """)
        self.wait_until(lambda: "300" in self.text("preview-note"), "the pasted photo", 5)


class Refusals(PageTest):
    def assert_refused(self, path, words):
        self.choose(path)
        self.wait_until(lambda: self.is_shown("photo-error"), "the refusal", 5)
        self.assertIn(words, self.text("photo-error").replace("\xa0", " "))
        self.assertFalse(self.is_shown("preview-frame"))
        self.stub()
        self.analyse()
        self.assertEqual(self.run_script("return calls.length"), 0, "A refused photo was sent.")
        self.assertIn(words, self.text("photo-error").replace("\xa0", " "))

    def test_a_png_is_refused_at_once_whatever_its_name(self):
        self.assert_refused(keep("really.jpg", b"\x89PNG\r\n\x1a\n" + bytes(64)), "This is a PNG file. The server reads JPEG only.")

    def test_a_heic_photo_is_refused_with_what_to_do(self):
        self.assert_refused(keep("IMG_0001.HEIC", b"\0\0\0\x18ftypheic" + bytes(64)), "Most Compatible")

    def test_an_empty_file_is_refused(self):
        self.assert_refused(keep("empty.jpg", b""), "The file is empty.")

    def test_a_photo_over_the_limit_is_refused_before_it_is_sent(self):
        self.assert_refused(keep("large.jpg", b"\xff\xd8\xff\xe0" + bytes(21 * 1024 * 1024)), "the server takes up to 20 MiB")

    def test_no_photo_at_all_is_said_in_words(self):
        self.analyse()
        self.wait_until(lambda: self.is_shown("photo-error"), "the words", 5)
        self.assertIn("Take or choose a photo first.", self.text("photo-error"))

    def test_a_good_photo_after_a_refused_one_takes_the_words_away(self):
        self.choose(keep("really.jpg", b"\x89PNG\r\n\x1a\n" + bytes(64)))
        self.wait_until(lambda: self.is_shown("photo-error"), "the refusal", 5)
        self.choose_and_see()
        self.assertFalse(self.is_shown("photo-error"))

    def test_a_damaged_photo_gets_the_servers_words(self):
        self.choose(keep("damaged.jpg", b"\xff\xd8\xff\xe0" + b"\x00\x10JFIF" + bytes(400)))
        self.analyse()
        self.wait_until(lambda: self.is_shown("problem") or self.is_shown("result"), "an answer")
        self.assertTrue(self.is_shown("problem"))
        self.assertGreater(len(self.text("problem-title")), 5)
        self.assertNotIn("Not a MelaScan", self.text("problem-title"))
        self.assertFalse(self.is_shown("result"))


class ThePatient(PageTest):
    def test_age_999_is_refused_beside_its_field(self):
        self.choose_and_see()
        self.stub()
        for wrong in ("999", "121", "-1", "6.5"):
            with self.subTest(wrong):
                self.find("age").clear()
                self.find("age").send_keys(wrong)
                self.analyse()
                self.wait_until(lambda: self.is_shown("age-error"), "the words", 5)
                self.assertIn("from 0 to 120", self.text("age-error"))
                self.assertEqual(self.find("age").get_attribute("aria-invalid"), "true")
                self.assertIn("age-error", self.find("age").get_attribute("aria-describedby"))
                self.assertEqual(self.focused(), "age")
                self.assertEqual(self.run_script("return calls.length"), 0)

    def test_ages_0_and_120_are_taken(self):
        self.choose_and_see()
        self.stub()
        for index, right in enumerate(("0", "120")):
            self.find("age").clear()
            self.find("age").send_keys(right, Keys.TAB)
            self.assertFalse(self.is_shown("age-error"))
            self.analyse()
            self.call(index)
            self.find("cancel").click()
