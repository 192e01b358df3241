"""The glyphs of the explicit marks: a font of a few signs, its licence, and what makes it."""
