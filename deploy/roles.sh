#!/bin/bash
# Run once by the PostgreSQL image, when it makes its data folder: the two roles and the database.
set -euo pipefail
psql --username postgres --set ON_ERROR_STOP=1 \
  --set owner_password="$OWNER_PASSWORD" --set application_password="$APPLICATION_PASSWORD" <<'SQL'
CREATE ROLE sanpo_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE sanpo_app LOGIN PASSWORD :'application_password';
CREATE DATABASE sanpo OWNER sanpo_owner;
SQL
