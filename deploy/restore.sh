#!/bin/sh
# Restores the database from what backup.sh and archive_wal.sh wrote, to a moment or to the end of the archived log.
#
#   restore.sh prepare [TIME]  fills the empty folder $PGDATA, so that PostgreSQL recovers when it is started on it.
#                              Run it as the server's user. TIME: 2026-12-08T15:00:00+09:00
#   restore.sh finish [TIME]   waits for the recovery, then counts the restoration, which shuts the sending of payments,
#                              and checks every invariant. Run it where manage.py is, as the owner, before the market
#                              starts; PROGRAM names the Python (python).
#   restore.sh files           copies the stored files back into the folder $STORAGE_DIRECTORY
#
# Environment: BACKUP_DIRECTORY; PGDATA (`prepare`); DATABASE_URL of the owner and the market's settings,
# WAIT_SECONDS (3600) for the recovery (`finish`).
set -eu

fail() {
  echo "restore: $1" >&2
  exit 1
}

seconds_of() {
  date -u -d "$1" +%s 2>/dev/null || fail "$1 is not a date and time: write it as 2026-12-08T15:00:00+09:00"
}

# The newest base backup that ended before the moment.
choose_base() {
  limit=$1
  for name in $(ls "$BACKUP_DIRECTORY/base" | grep 'Z$' | sort -r); do
    ended=$(echo "$name" | sed 's/\(....\)\(..\)\(..\)T\(..\)\(..\)\(..\)Z/\1-\2-\3T\4:\5:\6Z/')
    if [ -z "$limit" ] || [ "$(seconds_of "$ended")" -le "$limit" ]; then
      echo "$name"
      return 0
    fi
  done
  return 1
}

prepare() {
  moment=$1
  limit=
  if [ -n "$moment" ]; then
    case "$moment" in
      *T*Z | *T*+??:?? | *T*-??:??) ;;
      *) fail "$moment has no time zone: write it as 2026-12-08T15:00:00+09:00" ;;
    esac
    limit=$(seconds_of "$moment")
  fi
  mkdir -p "$PGDATA"
  [ -z "$(ls -A "$PGDATA")" ] || fail "$PGDATA is not empty: move what is there away first, it may be needed"
  name=$(choose_base "$limit") || fail "no base backup ended before ${moment:-now}"
  chmod 700 "$PGDATA"
  tar -xzf "$BACKUP_DIRECTORY/base/$name/base.tar.gz" -C "$PGDATA"
  settings=$PGDATA/postgresql.auto.conf
  touch "$settings"
  sed -i '/^\(restore_command\|recovery_target[a-z_]*\) *=/d' "$settings"
  {
    echo "restore_command = 'cp \"$BACKUP_DIRECTORY/wal/%f\" \"%p\"'"
    echo "recovery_target_timeline = 'latest'"
    echo "recovery_target_action = 'promote'"
    [ -z "$moment" ] || echo "recovery_target_time = '$moment'"
  } >>"$settings"
  touch "$PGDATA/recovery.signal"
  echo "restore: prepared $PGDATA from the base backup $name; start PostgreSQL on it, then run: restore.sh finish $moment"
}

finish() {
  moment=$1
  program=${PROGRAM:-python}
  "$program" manage.py record_restoration --wait-seconds "${WAIT_SECONDS:-3600}" ${moment:+--restored-to "$moment"}
  "$program" manage.py check_invariants
}

files() {
  mkdir -p "$STORAGE_DIRECTORY"
  cp -a "$BACKUP_DIRECTORY/files/." "$STORAGE_DIRECTORY/"
}

: "${BACKUP_DIRECTORY:?set BACKUP_DIRECTORY to the folder of the backups}"
case "${1:-}" in
  prepare) : "${PGDATA:?}"; prepare "${2:-}" ;;
  finish) finish "${2:-}" ;;
  files) : "${STORAGE_DIRECTORY:?}"; files ;;
  *) sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
