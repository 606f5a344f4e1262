"""How many requests the market takes of whom, and by which proxies they come."""

import environ

env = environ.Env()

# Proxies in front, each of which appends to X-Forwarded-For the address that connected to it; 0: clients connect
# themselves. With too many a client chooses the address by which it is counted, with too few all share one.
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)

# So many in a second, minute, hour or day; `marketplace/api/limits.py` says of what. Sixteen parallel clients of one
# program stay below the first.
RATES = {
    "participant": env.str("PARTICIPANT_RATE", default="6000/min"),
    "anonymous": env.str("ANONYMOUS_RATE", default="600/min"),
    "bad_token": env.str("BAD_TOKEN_RATE", default="60/min"),
    "token": env.str("TOKEN_RATE", default="120/min"),
    "login": env.str("LOGIN_RATE", default="60/min"),
    "invitation": env.str("INVITATION_RATE", default="30/min"),
    "registration": env.str("REGISTRATION_RATE", default="60/min"),
}
# Failed logins, counted by allauth: of an address, and of an account. The other limits are the library's own.
ACCOUNT_RATE_LIMITS = {"login_failed": env.str("LOGIN_FAILED_RATES", default="10/m/ip,100/h/key")}
