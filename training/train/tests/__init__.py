"""Tests of the training harness: `python -m pytest train/tests` in training/."""
