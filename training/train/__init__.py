"""Trains the networks of an ensemble on labelled photos, and chooses recipes by sources left out: README.md."""
