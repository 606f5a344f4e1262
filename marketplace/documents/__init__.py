"""Rendering of HTML and PDF documents: fonts, shapes of data, and the machinery templates stand on."""
