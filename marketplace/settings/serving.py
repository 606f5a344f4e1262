"""How the web and the downloads process serve: threads, and how long a client may take."""

import environ

env = environ.Env()

# Threads of one process that answer requests; as many again read what is streamed. Each may hold one connection to the
# database.
SERVING_THREADS = env.int("SERVING_THREADS", default=4)

# A client sends the head of a request within this time, and its body without such a pause, in all within the second.
REQUEST_HEAD_SECONDS_MAX = env.float("REQUEST_HEAD_SECONDS_MAX", default=10)
REQUEST_STALL_SECONDS_MAX = env.float("REQUEST_STALL_SECONDS_MAX", default=20)
REQUEST_BODY_SECONDS_MAX = env.float("REQUEST_BODY_SECONDS_MAX", default=900)
# What is not a file is read into memory; this is Django's own limit on it too.
REQUEST_BODY_BYTES_MAX = env.int("REQUEST_BODY_BYTES_MAX", default=2_621_440)
DATA_UPLOAD_MAX_MEMORY_SIZE = REQUEST_BODY_BYTES_MAX

# The routes that take files as multipart/form-data, and how large such a body may be there: a version's files, and a
# bank statement's 20 MB. deploy/nginx.conf and deploy/kubernetes/ingress.yaml name the same routes.
UPLOAD_BODY_BYTES_MAX = env.int("UPLOAD_BODY_BYTES_MAX", default=1 << 30)
UPLOAD_ROUTES = {
    "/api/v1/listings/[^/]+/versions/": UPLOAD_BODY_BYTES_MAX,
    "/api/v1/bank-statements/": 21 << 20,
    "/api/v1/registrations/[^/]+/documents/": 6 << 20,
    "/api/v1/owner-recoveries/": 6 << 20,
    "/api/v1/negotiation-attachments/": 3 << 20,
    "/api/v1/dispute-files/": 3 << 20,
    "/register/document/": 6 << 20,
}

# Bytes of bodies that one process keeps in files at once, at least one upload's. Who has no token can fill them too, and
# while a form is parsed its files are there twice: the folder of temporary files must hold twice as much.
SPOOLED_BYTES_MAX = env.int("SPOOLED_BYTES_MAX", default=1 << 30)

# A receiver takes something within the first, and on average of the window at least the rate.
SENDING_STALL_SECONDS_MAX = env.float("SENDING_STALL_SECONDS_MAX", default=30)
SENDING_WINDOW_SECONDS = env.float("SENDING_WINDOW_SECONDS", default=60)
SENDING_BYTES_PER_SECOND_MIN = env.int("SENDING_BYTES_PER_SECOND_MIN", default=1024)

# Where the API sends those who want a file, if no proxy routes them: the address of the downloads process.
DOWNLOADS_URL = env.str("SANPO_DOWNLOADS_URL", default="")
# How long such an address is good for.
GRANT_SECONDS_MAX = 60
# Downloads at once: of one buyer, and of all.
DOWNLOADS_PER_BUYER_MAX = env.int("DOWNLOADS_PER_BUYER_MAX", default=16)
DOWNLOADS_MAX = env.int("DOWNLOADS_MAX", default=1000)
