"""What pages may load and run (Content Security Policy level 3), written into every answer by django-csp."""

from csp.constants import NONE, SELF

# No page has a script; 'self' would permit participants' files too, which the API serves from this host. A page that
# needs one names it by a nonce.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [NONE],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
