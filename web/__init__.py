"""Pages in a browser, in Japanese and English; they read what is public and change nothing."""
