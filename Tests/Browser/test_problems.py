"""What goes wrong is said in words, and there is a way on."""

from page import PageTest, analysis


class Problems(PageTest):
    def setUp(self):
        super().setUp()
        self.stub()
        self.choose_and_see()
        self.analyse()

    def wait_for_problem(self):
        self.wait_until(lambda: self.is_shown("problem"), "the problem", 5)
        self.assertEqual(self.focused(), "problem-title")
        self.assertFalse(self.is_shown("progress"))
        self.assertFalse(self.is_shown("result"))
        return self.text("problem")

    def test_the_servers_own_words_are_shown(self):
        self.run_script(f"{self.call(0)}.problem(415, 'Not a JPEG photo', 'Save it as JPEG.')")
        text = self.wait_for_problem()
        self.assertIn("Not a JPEG photo", text)
        self.assertIn("Save it as JPEG.", text)
        self.assertFalse(self.is_shown("problem-retry"), "Sending the same again would not help.")

    def test_a_busy_server_can_be_asked_again(self):
        self.run_script(f"{self.call(0)}.problem(503, 'Busy', 'Eight wait.', {{ 'Retry-After': '3' }})")
        text = self.wait_for_problem()
        self.assertIn("wait 3 s", text)
        self.find("problem-retry").click()
        call = self.call(1)
        self.assertFalse(self.is_shown("problem"))
        self.run_script(f"{call}.begin(); {call}.analysis(arguments[0])", analysis(0.4))
        self.wait_for_result()

    def test_a_network_that_is_down_is_said(self):
        self.run_script(f"{self.call(0)}.fail()")
        self.assertIn("No answer from the server", self.wait_for_problem())
        self.assertTrue(self.is_shown("problem-retry"))

    def test_an_answer_that_breaks_off_is_no_result(self):
        call = self.call(0)
        self.run_script(f"{call}.begin(); {call}.progress(3, 16, 0.2); {call}.end()")
        self.assertIn("broke off", self.wait_for_problem())

    def test_an_answer_without_a_figure_is_no_result(self):
        call = self.call(0)
        self.run_script(f"{call}.begin(); {call}.analysis({{ verdict: 'not_flagged', classes: {{}} }})")
        self.assertIn("Not a MelaScan answer", self.wait_for_problem())

    def test_a_page_of_the_proxy_is_put_in_words(self):
        self.run_script(f"{self.call(0)}.problem(502, undefined, undefined)")
        self.assertIn("not running", self.wait_for_problem())

    def test_markup_from_a_server_stays_text(self):
        self.run_script(f"{self.call(0)}.problem(422, '<b id=injected>x</b>', '<img src=x>')")
        self.assertIn("<b id=injected>", self.wait_for_problem())
        self.assertEqual(self.driver.find_elements("id", "injected"), [])
