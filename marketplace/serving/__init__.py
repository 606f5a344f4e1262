"""Serves Django over HTTP so that no client holds a thread: it has one only while its request is being answered.

The event loop (uvicorn) reads a request to its end and sends the answer at the client's pace; Django runs in between, in
a bounded pool of threads. Whoever sends or takes too slowly is ended. Two processes are served this way: ``web`` (the
API and the pages) and ``downloads`` (files); see ``marketplace/asgi.py``.
"""
