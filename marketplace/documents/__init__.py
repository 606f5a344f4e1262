"""Rendering of HTML and PDF documents: fonts, data schemas and shared templates."""
