#!/bin/bash
# Run once by the PostgreSQL image, when it makes its data folder: the roles and the database. The owner may set the
# limits of the application's role (grant_application_role), and nothing else of other roles.
set -euo pipefail
psql --username postgres --set ON_ERROR_STOP=1 \
  --set owner_password="$OWNER_PASSWORD" --set application_password="$APPLICATION_PASSWORD" \
  --set backup_password="$BACKUP_PASSWORD" <<'SQL'
CREATE ROLE sanpo_owner LOGIN CREATEROLE PASSWORD :'owner_password';
CREATE ROLE sanpo_app LOGIN PASSWORD :'application_password';
CREATE ROLE sanpo_backup LOGIN REPLICATION PASSWORD :'backup_password';
GRANT sanpo_app TO sanpo_owner WITH ADMIN OPTION;
GRANT pg_read_all_stats TO sanpo_app;
CREATE DATABASE sanpo OWNER sanpo_owner;
SQL
echo 'host replication sanpo_backup samenet scram-sha-256' >>"$PGDATA/pg_hba.conf"
