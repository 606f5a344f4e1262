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

# A location of the log, X/Y in hexadecimal, as a number.
location() {
  echo $((0x${1%/*} * 4294967296 + 0x${1#*/}))
}

# Whether a base backup lies in the past of the newest timeline in the archive. A restoration begins a new timeline at the
# location that it restored to; base backups of its old timeline that end later belong to the future that it abandoned,
# and PostgreSQL could not recover from them. A history file names, in order, each timeline and where it was left.
in_history() {
  newest=$(ls "$BACKUP_DIRECTORY/wal" 2>/dev/null | grep '^[0-9A-F]\{8\}\.history$' | sort | tail -n 1)
  [ -n "$newest" ] || return 0
  range='"Timeline": \([0-9]*\), "Start-LSN": "[^"]*", "End-LSN": "\([^"]*\)"'
  made=$(sed -n "s/.*$range.*/\1 \2/p" "$BACKUP_DIRECTORY/base/$1/backup_manifest" | tail -n 1)
  [ -n "$made" ] || return 1
  timeline=${made% *}
  end=$(location "${made#* }")
  [ "$timeline" -ne $((0x${newest%.history})) ] || return 0
  [ "$timeline" -lt $((0x${newest%.history})) ] || return 1
  # Each later timeline began where the one before was left, so none may have been left before the end.
  sed -n 's/^\([0-9][0-9]*\)[[:space:]][[:space:]]*\([0-9A-F]*\/[0-9A-F]*\).*/\1 \2/p' "$BACKUP_DIRECTORY/wal/$newest" | {
    found=no
    while read -r number left; do
      [ "$number" -ne "$timeline" ] || found=yes
      if [ "$found" = yes ] && [ "$(location "$left")" -lt "$end" ]; then exit 1; fi
    done
    [ "$found" = yes ]
  }
}

# The newest base backup that ended before the moment, in the past of the newest timeline.
choose_base() {
  limit=$1
  for name in $(ls "$BACKUP_DIRECTORY/base" | grep 'Z$' | sort -r); do
    ended=$(echo "$name" | sed 's/\(....\)\(..\)\(..\)T\(..\)\(..\)\(..\)Z/\1-\2-\3T\4:\5:\6Z/')
    if [ -n "$limit" ] && [ "$(seconds_of "$ended")" -gt "$limit" ]; then
      continue
    fi
    if in_history "$name"; then
      echo "$name"
      return 0
    fi
    echo "restore: skips the base backup $name: it does not lead to the newest timeline in the archive" >&2
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
  name=$(choose_base "$limit") || fail "no base backup ended before ${moment:-now} that leads to the newest timeline"
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
